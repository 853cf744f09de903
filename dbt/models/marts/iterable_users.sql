with users as (
{{ loaded('users', {
    'email': 'text',
    'userId': 'text',
    'itblUserId': 'text',
    'firstName': 'text',
    'lastName': 'text',
    'phoneNumber': 'text',
    'locale': 'text',
    'timeZone': 'text',
    'country': 'text',
    'signupDate': 'moment',
    'signupSource': 'text',
    'profileUpdatedAt': 'moment',
    'emailListIds': 'integers',
    'userListIds': 'integers',
    'subscribedMessageTypeIds': 'integers',
    'unsubscribedChannelIds': 'integers',
    'unsubscribedMessageTypeIds': 'integers',
    'dataFields': 'json',
}, {'signupDate': 'signup_at'}) }}
)

select
    {{ user_key() }} as user_key,
    users.*
from users
