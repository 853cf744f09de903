{# Every version of users, campaigns, templates and list members, from the day on which the snapshots are first taken.
   Arrays are JSON text, since not every database compares arrays. #}

{% snapshot iterable_users_history %}
{{ config(enabled=var('singer_iterable_snapshots'), unique_key='user_key', strategy='check', check_cols='all', hard_deletes='invalidate') }}
select
    user_key,
    email,
    user_id,
    itbl_user_id,
    first_name,
    last_name,
    phone_number,
    locale,
    time_zone,
    country,
    signup_at,
    signup_source,
    profile_updated_at,
    {{ array_text('email_list_ids') }} as email_list_ids,
    {{ array_text('subscribed_message_type_ids') }} as subscribed_message_type_ids,
    {{ array_text('unsubscribed_channel_ids') }} as unsubscribed_channel_ids,
    {{ array_text('unsubscribed_message_type_ids') }} as unsubscribed_message_type_ids,
    {{ json_text('data_fields') }} as data_fields
from {{ ref('iterable_users') }}
where user_key is not null
{% endsnapshot %}

{% snapshot iterable_campaigns_history %}
{{ config(enabled=var('singer_iterable_snapshots'), unique_key='campaign_id', strategy='check', check_cols='all', hard_deletes='invalidate') }}
select
    campaign_id,
    campaign_name,
    campaign_type,
    campaign_state,
    message_medium,
    template_id,
    workflow_id,
    recurring_campaign_id,
    {{ array_text('list_ids') }} as list_ids,
    {{ array_text('suppression_list_ids') }} as suppression_list_ids,
    {{ array_text('labels') }} as labels,
    send_size,
    created_by_user_id,
    updated_by_user_id,
    created_at,
    updated_at,
    started_at,
    ended_at
from {{ ref('iterable_campaigns') }}
{% endsnapshot %}

{% snapshot iterable_templates_history %}
{{ config(enabled=var('singer_iterable_snapshots'), unique_key='template_id', strategy='check', check_cols='all', hard_deletes='invalidate') }}
select
    template_id,
    template_name,
    template_type,
    message_medium,
    message_type_id,
    campaign_id,
    client_template_id,
    creator_user_id,
    created_at,
    updated_at
from {{ ref('iterable_templates') }}
{% endsnapshot %}

{% snapshot iterable_list_members_history %}
{{ config(enabled=var('singer_iterable_snapshots'), unique_key='member_key', strategy='check', check_cols='all', hard_deletes='invalidate') }}
select
    {{ dbt.concat([dbt.cast('list_id', type_of('text')), "':'", 'user_key']) }} as member_key,
    list_id,
    user_key
from {{ ref('iterable_list_members') }}
where user_key is not null
{% endsnapshot %}
