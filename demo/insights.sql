-- Five lines from the models: what a marketer would ask first.

-- What people, not programs, clicked in.
(
    select
        1 as line,
        'Most clicked campaign' as question,
        format(
            '%s (%s): %s%% of %s delivered messages',
            campaign_name, message_medium, round(100 * click_rate, 1), sends - bounces
        ) as answer
    from models.iterable_campaign_performance
    where sends - bounces >= 20
    order by click_rate desc, campaign_id
    limit 1
)
union all
-- Campaigns by what was bought after them, Iterable's own attribution and last touch together.
(
    select
        2,
        'Campaign that sold most',
        format('%s: %s in %s purchases', campaign_name, round(revenue + last_touch_revenue, 2), purchases + last_touch_purchases)
    from models.iterable_campaign_performance
    order by revenue + last_touch_revenue desc, campaign_id
    limit 1
)
union all
-- Open rates flatter: these were no people.
(
    select
        3,
        'Opens by programs',
        format('%s of %s e-mail opens', count(*) filter (where is_bot), count(*))
    from models.iterable_events
    where data_type = 'emailOpen'
)
union all
-- Buyers who are about to be lost.
(
    select
        4,
        'Buyers to win back',
        format('%s of %s without an open or click in 30 days', count(*) filter (where
            last_open_or_click_at is null
            or last_open_or_click_at < (select max(last_event_at) from models.iterable_user_engagement) - interval '30 days'
        ), count(*))
    from models.iterable_user_engagement
    where purchases > 0
)
union all
-- The list whose members click.
(
    select
        5,
        'Liveliest list',
        format('%s: %s%% of %s members clicked', list_name, round(100.0 * clickers / members, 1), members)
    from (
        select
            members.list_name,
            count(*) as members,
            count(*) filter (where users.messages_clicked > 0) as clickers
        from models.iterable_list_members as members
        join models.iterable_user_engagement as users using (user_key)
        group by members.list_id, members.list_name
    ) as lists
    where members >= 20
    order by clickers::numeric / members desc, list_name
    limit 1
)
order by line;
