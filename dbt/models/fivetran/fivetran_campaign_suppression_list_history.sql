{{ config(alias='campaign_suppression_list_history', enabled=var('singer_iterable_fivetran')) }}
select
    campaigns.campaign_id,
    campaigns.updated_at,
    {{ array_item('integer') }} as suppressed_list_id,
    campaigns.synced_at as _fivetran_synced
from {{ ref('iterable_campaigns') }} as campaigns
{{ join_array('campaigns.suppression_list_ids') }}
