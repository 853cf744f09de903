{{ config(alias='list_user', enabled=var('singer_iterable_fivetran')) }}
select
    {{ fivetran_user('members') }} as _fivetran_id,
    members.list_id,
    row_number() over (partition by members.list_id order by members.user_key) - 1 as index,
    users.synced_at as _fivetran_synced
from {{ ref('iterable_list_members') }} as members
left join {{ ref('iterable_users') }} as users on users.user_key = members.user_key
