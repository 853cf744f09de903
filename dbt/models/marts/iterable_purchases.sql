with purchases as (

    select
        events.record_id,
        purchases.order_id,
        events.created_at,
        events.user_key,
        events.email,
        events.user_id,
        events.purchase_total as total,
        events.campaign_id
    from {{ ref('iterable_events') }} as events
    inner join {{ ref('stg_iterable_purchases') }} as purchases on purchases.record_id = events.record_id

),

touches as (

    select
        user_key,
        message_id,
        campaign_id,
        created_at,
        action,
        case action when 'clicked' then 2 when 'opened' then 1 else 0 end as strength
    from {{ ref('iterable_events') }}
    where message_id is not null and not is_bot and action in ('sent', 'opened', 'clicked')

),

candidates as (

    select
        purchases.record_id,
        touches.message_id,
        touches.campaign_id,
        touches.action,
        touches.created_at as touched_at,
        -- Of Iterable's campaign the latest message; else the latest click, and without a click the latest open.
        row_number() over (
            partition by purchases.record_id
            order by
                case when purchases.campaign_id is null then touches.strength else 0 end desc,
                touches.created_at desc,
                touches.strength desc,
                touches.message_id
        ) as place
    from purchases
    inner join touches
        on touches.user_key = purchases.user_key
        and touches.created_at <= purchases.created_at
    where touches.campaign_id = purchases.campaign_id
        or (
            purchases.campaign_id is null
            and touches.strength > 0
            and touches.created_at >= {{ dbt.dateadd('day', -var('singer_iterable_attribution_days'), 'purchases.created_at') }}
        )

)

select
    purchases.record_id,
    purchases.order_id,
    purchases.created_at,
    purchases.user_key,
    purchases.email,
    purchases.user_id,
    purchases.total,
    purchases.campaign_id,
    case
        when purchases.campaign_id is not null then 'iterable'
        when candidates.action = 'clicked' then 'last_click'
        when candidates.action = 'opened' then 'last_open'
        else 'none'
    end as attribution,
    coalesce(purchases.campaign_id, candidates.campaign_id) as attributed_campaign_id,
    campaigns.campaign_name as attributed_campaign_name,
    candidates.message_id as attributed_message_id,
    candidates.touched_at
from purchases
left join candidates on candidates.record_id = purchases.record_id and candidates.place = 1
left join {{ ref('iterable_campaigns') }} as campaigns
    on campaigns.campaign_id = coalesce(purchases.campaign_id, candidates.campaign_id)
