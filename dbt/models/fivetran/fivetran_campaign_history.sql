{{ config(alias='campaign_history', enabled=var('singer_iterable_fivetran')) }}
with versions as (
{{ versions('iterable_campaigns', 'iterable_campaigns_history', 'campaign_id', 'updated_at') }}
)

select
    campaign_id as id,
    version_at as updated_at,
    campaign_name as name,
    campaign_type as type,
    campaign_state,
    message_medium,
    template_id,
    workflow_id,
    recurring_campaign_id,
    send_size,
    created_by_user_id,
    updated_by_user_id,
    created_at,
    started_at as start_at,
    ended_at,
    synced_at as _fivetran_synced
from versions
