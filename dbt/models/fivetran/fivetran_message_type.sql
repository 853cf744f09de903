{{ config(alias='message_type', enabled=var('singer_iterable_fivetran')) }}
select
    message_type_id as id,
    message_type_name as name,
    channel_id,
    subscription_policy,
    cast(rate_limit_per_minute as {{ type_of('text') }}) as rate_limit_per_minute,
    {{ json_text('frequency_cap') }} as frequency_cap,
    created_at,
    updated_at,
    false as _fivetran_deleted,
    synced_at as _fivetran_synced
from {{ ref('iterable_message_types') }}
