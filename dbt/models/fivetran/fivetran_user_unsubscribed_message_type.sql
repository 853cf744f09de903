{{ config(alias='user_unsubscribed_message_type', enabled=var('singer_iterable_fivetran')) }}
select
    {{ fivetran_user('users') }} as _fivetran_id,
    users.email,
    users.profile_updated_at as updated_at,
    {{ array_item('text') }} as message_type_id,
    users.synced_at as _fivetran_synced
from {{ ref('iterable_users') }} as users
{{ join_array('users.unsubscribed_message_type_ids') }}
