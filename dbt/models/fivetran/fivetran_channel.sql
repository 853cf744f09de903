{{ config(alias='channel', enabled=var('singer_iterable_fivetran')) }}
select
    channel_id as id,
    channel_name as name,
    channel_type,
    message_medium,
    false as _fivetran_deleted,
    synced_at as _fivetran_synced
from {{ ref('iterable_channels') }}
