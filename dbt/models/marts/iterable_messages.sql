with events as (

    select * from {{ ref('iterable_events') }}
    where message_id is not null and action is not null

),

messages as (

    select
        message_id,
        min(user_key) as user_key,
        min(message_medium) as message_medium,
        min(campaign_id) as campaign_id,
        min(template_id) as template_id,
        min(message_type_id) as message_type_id,
        min(channel_id) as channel_id,
        {{ first_time('sent') }} as sent_at,
        {{ first_time('skipped') }} as skipped_at,
        min(case when action = 'skipped' then reason end) as skip_reason,
        {{ first_time('opened', bots=false) }} as opened_at,
        {{ times('opened', bots=false) }} as opens,
        {{ first_time('opened', bots=true) }} as bot_opened_at,
        {{ times('opened', bots=true) }} as bot_opens,
        {{ first_time('clicked', bots=false) }} as clicked_at,
        {{ times('clicked', bots=false) }} as clicks,
        {{ first_time('clicked', bots=true) }} as bot_clicked_at,
        {{ times('clicked', bots=true) }} as bot_clicks,
        {{ first_time('bounced') }} as bounced_at,
        {{ first_time('complained') }} as complained_at,
        {{ first_time('unsubscribed') }} as unsubscribed_at
    from events
    group by message_id

),

conversions as (

    select
        attributed_message_id as message_id,
        min(created_at) as converted_at,
        count(*) as conversions,
        sum(total) as revenue
    from {{ ref('iterable_purchases') }}
    where attributed_message_id is not null
    group by attributed_message_id

)

select
    messages.*,
    conversions.converted_at,
    coalesce(conversions.conversions, 0) as conversions,
    coalesce(conversions.revenue, 0) as revenue,
    campaigns.campaign_name,
    templates.template_name,
    message_types.message_type_name,
    channels.channel_name
from messages
left join conversions on conversions.message_id = messages.message_id
left join {{ ref('iterable_campaigns') }} as campaigns on campaigns.campaign_id = messages.campaign_id
left join {{ ref('iterable_templates') }} as templates on templates.template_id = messages.template_id
left join {{ ref('iterable_message_types') }} as message_types on message_types.message_type_id = messages.message_type_id
left join {{ ref('iterable_channels') }} as channels on channels.channel_id = messages.channel_id
