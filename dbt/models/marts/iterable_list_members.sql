with profiles as (

    {% for field in ['email_list_ids', 'user_list_ids'] %}
    select users.user_key, {{ array_item('integer') }} as list_id
    from {{ ref('iterable_users') }} as users
    {{ join_array('users.' ~ field) }}
    {% if not loop.last %}union distinct{% endif %}
    {% endfor %}

),

listed as (

    select distinct user_key, list_id from {{ ref('stg_iterable_list_users') }}

),

members as (

    select
        coalesce(profiles.list_id, listed.list_id) as list_id,
        coalesce(profiles.user_key, listed.user_key) as user_key,
        profiles.user_key is not null as is_in_profile,
        listed.user_key is not null as is_in_list_users
    from profiles
    full outer join listed on listed.user_key = profiles.user_key and listed.list_id = profiles.list_id

)

select
    members.list_id,
    lists.list_name,
    lists.list_type,
    members.user_key,
    users.email,
    users.user_id,
    members.is_in_profile,
    members.is_in_list_users
from members
left join {{ ref('iterable_lists') }} as lists on lists.list_id = members.list_id
left join {{ ref('iterable_users') }} as users on users.user_key = members.user_key
