{{ config(alias='event_extension', enabled=var('singer_iterable_fivetran')) }}
{# Names of Fivetran's columns, and what Iterable calls them where an event has them outside the known fields. #}
{% set elsewhere = {
    'badge': ('badge', 'text'),
    'canonical_url_id': ('canonicalUrlId', 'text'),
    'content_available': ('contentAvailable', 'boolean'),
    'device': ('device', 'text'),
    'email_id': ('emailId', 'text'),
    'email_subject': ('emailSubject', 'text'),
    'experiment_id': ('experimentId', 'text'),
    'from_phone_number_id': ('fromPhoneNumberId', 'number'),
    'in_app_body': ('inAppBody', 'text'),
    'labels': ('labels', 'text'),
    'link_id': ('linkId', 'text'),
    'link_url': ('linkUrl', 'text'),
    'locale': ('locale', 'text'),
    'payload': ('payload', 'text'),
    'push_message': ('pushMessage', 'text'),
} %}
with events as (

    select {{ user_key() }} as user_key, loaded_events.*
    from {{ ref('stg_iterable_events') }} as loaded_events

)

select
    record_id as _fivetran_id,
    {{ fivetran_user('events') }} as _fivetran_user_id,
    app_already_running,
    catalog_collection_count,
    catalog_lookup_count,
    city,
    clicked_url,
    content_id,
    country,
    error_code,
    expires_at,
    from_phone_number,
    from_sms_sender_id as from_smssender_id,
    is_sms_estimation,
    message_status,
    mms_send_count,
    platform_endpoint,
    reason,
    region,
    sms_message,
    sms_send_count,
    to_phone_number,
    url,
    cast(workflow_id as {{ type_of('text') }}) as workflow_id,
    workflow_name,
    {%- for column, (field, kind) in elsewhere.items() %}
    {# A custom event or a purchase may have fields of its own under these names. -#}
    case when data_type not in ('customEvent', 'purchase') then {{ json_member('data_fields', field, kind) }} end as {{ column }},
    {%- endfor %}
    synced_at as _fivetran_synced
from events
