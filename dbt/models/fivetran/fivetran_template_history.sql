{{ config(alias='template_history', enabled=var('singer_iterable_fivetran')) }}
with versions as (
{{ versions('iterable_templates', 'iterable_templates_history', 'template_id', 'updated_at') }}
)

select
    template_id as id,
    version_at as updated_at,
    template_name as name,
    template_type,
    message_type_id,
    client_template_id,
    creator_user_id,
    created_at,
    synced_at as _fivetran_synced
from versions
