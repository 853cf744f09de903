with listed as (
{{ loaded('list_users', {'listId': 'integer', 'member': 'text', 'email': 'text', 'userId': 'text'}) }}
)

select
    list_id,
    member,
    email,
    user_id,
    {{ user_key().replace(', itbl_user_id', '') }} as user_key,
    synced_at
from listed
