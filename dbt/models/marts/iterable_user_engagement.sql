with messages as (

    select
        user_key,
        sum(case when sent_at is not null then 1 else 0 end) as messages_sent,
        sum(case when opened_at is not null then 1 else 0 end) as messages_opened,
        sum(case when clicked_at is not null then 1 else 0 end) as messages_clicked,
        sum(case when bounced_at is not null then 1 else 0 end) as messages_bounced,
        sum(case when unsubscribed_at is not null then 1 else 0 end) as messages_unsubscribed,
        max(sent_at) as last_sent_at
    from {{ ref('iterable_messages') }}
    group by user_key

),

actions as (

    select
        user_key,
        min(created_at) as first_event_at,
        max(created_at) as last_event_at,
        max(case when action in ('opened', 'clicked') and not is_bot then created_at end) as last_open_or_click_at
    from {{ ref('iterable_events') }}
    group by user_key

),

purchases as (

    select
        user_key,
        count(*) as purchases,
        sum(total) as revenue,
        min(created_at) as first_purchase_at,
        max(created_at) as last_purchase_at
    from {{ ref('iterable_purchases') }}
    group by user_key

),

lists as (

    select user_key, count(*) as lists
    from {{ ref('iterable_list_members') }}
    group by user_key

)

select
    users.user_key,
    users.email,
    users.user_id,
    users.itbl_user_id,
    users.signup_at,
    actions.first_event_at,
    actions.last_event_at,
    messages.last_sent_at,
    actions.last_open_or_click_at,
    purchases.first_purchase_at,
    purchases.last_purchase_at,
    {%- for name in ['messages_sent', 'messages_opened', 'messages_clicked', 'messages_bounced', 'messages_unsubscribed'] %}
    coalesce(messages.{{ name }}, 0) as {{ name }},
    {%- endfor %}
    coalesce(purchases.purchases, 0) as purchases,
    coalesce(purchases.revenue, 0) as revenue,
    coalesce(lists.lists, 0) as lists,
    {{ share('messages.messages_opened', 'messages.messages_sent') }} as open_rate,
    {{ share('messages.messages_clicked', 'messages.messages_sent') }} as click_rate
from {{ ref('iterable_users') }} as users
left join messages on messages.user_key = users.user_key
left join actions on actions.user_key = users.user_key
left join purchases on purchases.user_key = users.user_key
left join lists on lists.user_key = users.user_key
