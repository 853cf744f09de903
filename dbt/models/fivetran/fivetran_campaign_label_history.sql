{{ config(alias='campaign_label_history', enabled=var('singer_iterable_fivetran')) }}
select
    campaigns.campaign_id,
    campaigns.updated_at,
    {{ array_item('text') }} as label,
    campaigns.synced_at as _fivetran_synced
from {{ ref('iterable_campaigns') }} as campaigns
{{ join_array('campaigns.labels') }}
