{{ config(alias='list', enabled=var('singer_iterable_fivetran')) }}
select
    list_id as id,
    list_name as name,
    description,
    list_type,
    created_at,
    false as _fivetran_deleted,
    synced_at as _fivetran_synced
from {{ ref('iterable_lists') }}
