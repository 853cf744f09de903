{{ config(alias='campaign_list_history', enabled=var('singer_iterable_fivetran')) }}
select
    campaigns.campaign_id,
    campaigns.updated_at,
    {{ array_item('integer') }} as list_id,
    campaigns.synced_at as _fivetran_synced
from {{ ref('iterable_campaigns') }} as campaigns
{{ join_array('campaigns.list_ids') }}
