{{ config(alias='user_history', enabled=var('singer_iterable_fivetran')) }}
with versions as (
{{ versions('iterable_users', 'iterable_users_history', 'user_key', 'profile_updated_at') }}
)

select
    {{ fivetran_user('versions') }} as _fivetran_id,
    version_at as updated_at,
    email,
    user_id,
    itbl_user_id as iterable_user_id,
    first_name,
    last_name,
    phone_number,
    signup_at as signup_date,
    signup_source,
    -- An empty array where a user is on no list: a null would lose the user where it is unnested.
    coalesce({{ 'email_list_ids' if var('singer_iterable_snapshots') else array_text('email_list_ids') }}, '[]') as email_list_ids,
    synced_at as _fivetran_synced
from versions
