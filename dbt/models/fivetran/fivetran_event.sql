{{ config(alias='event', enabled=var('singer_iterable_fivetran')) }}
with events as (

    select {{ user_key() }} as user_key, loaded_events.*
    from {{ ref('stg_iterable_events') }} as loaded_events

)

select
    record_id as _fivetran_id,
    {{ fivetran_user('events') }} as _fivetran_user_id,
    data_type as event_name,
    created_at,
    email,
    campaign_id,
    content_id,
    message_id,
    message_bus_id,
    message_type_id,
    recipient_state,
    status,
    unsub_source,
    user_agent,
    user_agent_device,
    {{ json_text('transactional_data') }} as transactional_data,
    {{ json_text('data_fields') }} as additional_properties,
    synced_at as _fivetran_synced
from events
