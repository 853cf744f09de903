with events as (

    select * from {{ ref('stg_iterable_events') }}

),

event_lists as (

    select record_id, email_list_id as list_id
    from events
    where email_list_id is not null

    union distinct

    select events.record_id, {{ array_item('integer') }} as list_id
    from events
    {{ join_array('events.email_list_ids') }}

),

named_lists as (

    select
        event_lists.record_id,
        {{ dbt.listagg('lists.list_name', "', '", 'order by lists.list_name') }} as list_names
    from event_lists
    inner join {{ ref('iterable_lists') }} as lists on lists.list_id = event_lists.list_id
    group by event_lists.record_id

),

described as (

    select
        events.*,
        campaigns.campaign_name,
        campaigns.campaign_type,
        templates.template_id as known_template_id,
        templates.template_name,
        coalesce(events.message_type_id, templates.message_type_id) as described_message_type_id
    from events
    left join {{ ref('iterable_campaigns') }} as campaigns on campaigns.campaign_id = events.campaign_id
    left join {{ ref('iterable_templates') }} as templates
        on templates.template_id = coalesce(events.template_id, campaigns.template_id)

)

select
    described.record_id,
    described.data_type,
    described.message_medium,
    described.action,
    described.created_at,
    {{ user_key('described') }} as user_key,
    described.email,
    described.user_id,
    described.itbl_user_id,
    coalesce(described.message_id, described.seen_message_id) as message_id,
    coalesce(described.is_bot, false) as is_bot,
    described.event_name,
    described.campaign_id,
    described.campaign_name,
    described.campaign_type,
    coalesce(described.template_id, described.known_template_id) as template_id,
    described.template_name,
    described.described_message_type_id as message_type_id,
    message_types.message_type_name,
    coalesce(described.channel_id, message_types.channel_id) as channel_id,
    channels.channel_name,
    named_lists.list_names,
    described.workflow_id,
    coalesce(described.url, described.clicked_url) as url,
    described.reason,
    described.recipient_state,
    described.unsub_source,
    described.proxy_source,
    described.user_agent_device,
    case when described.data_type = 'purchase' then described.total end as purchase_total,
    {{ json_text('described.data_fields') }} as data_fields
from described
left join {{ ref('iterable_message_types') }} as message_types
    on message_types.message_type_id = described.described_message_type_id
left join {{ ref('iterable_channels') }} as channels
    on channels.channel_id = coalesce(described.channel_id, message_types.channel_id)
left join named_lists on named_lists.record_id = described.record_id
