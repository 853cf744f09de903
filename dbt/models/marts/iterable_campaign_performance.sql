with measured as (

    select
        campaign_id,
        {{ campaign_measures() }}
    from {{ ref('iterable_events') }}
    where campaign_id is not null
    group by campaign_id

),

last_touch as (

    select
        attributed_campaign_id as campaign_id,
        count(*) as last_touch_purchases,
        sum(total) as last_touch_revenue
    from {{ ref('iterable_purchases') }}
    where attribution in ('last_click', 'last_open')
    group by attributed_campaign_id

)

select
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.campaign_type,
    campaigns.campaign_state,
    campaigns.message_medium,
    campaigns.started_at,
    templates.template_name,
    message_types.message_type_name,
    channels.channel_name,
    {%- for name in ['sends', 'send_skips', 'bounces', 'opens', 'opens_by_people', 'clicks', 'clicks_by_people',
                     'unsubscribes', 'complaints', 'purchases'] %}
    coalesce(measured.{{ name }}, 0) as {{ name }},
    coalesce(measured.unique_{{ name }}, 0) as unique_{{ name }},
    {%- endfor %}
    coalesce(measured.revenue, 0) as revenue,
    coalesce(last_touch.last_touch_purchases, 0) as last_touch_purchases,
    coalesce(last_touch.last_touch_revenue, 0) as last_touch_revenue,
    {{ share('measured.unique_opens_by_people', 'measured.sends - measured.bounces') }} as open_rate,
    {{ share('measured.unique_clicks_by_people', 'measured.sends - measured.bounces') }} as click_rate
from {{ ref('iterable_campaigns') }} as campaigns
left join measured on measured.campaign_id = campaigns.campaign_id
left join last_touch on last_touch.campaign_id = campaigns.campaign_id
left join {{ ref('iterable_templates') }} as templates on templates.template_id = campaigns.template_id
left join {{ ref('iterable_message_types') }} as message_types on message_types.message_type_id = templates.message_type_id
left join {{ ref('iterable_channels') }} as channels on channels.channel_id = message_types.channel_id
