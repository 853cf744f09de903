{# Shapes of Fivetran's tables. #}

{# Fivetran's id of a user: the same in events, lists and profiles. #}
{% macro fivetran_user(relation) -%}
  {{ dbt.hash(relation ~ '.user_key') }}
{%- endmacro %}

{# Versions of what a snapshot keeps, or the one version that there is if no snapshots are taken. The first version is
   as old as the object says, later ones are as old as the run that found them. #}
{% macro versions(model, snapshot, key, updated_at) -%}
  {%- if var('singer_iterable_snapshots') %}
    select
        versions.*,
        case
            when row_number() over (partition by {{ key }} order by dbt_valid_from) = 1 then {{ updated_at }}
            else cast(dbt_valid_from as {{ singer_iterable.type_of('moment') }})
        end as version_at,
        {{ singer_iterable.null_of('moment') }} as synced_at
    from {{ ref(snapshot) }} as versions
  {%- else %}
    select current_version.*, {{ updated_at }} as version_at
    from {{ ref(model) }} as current_version
  {%- endif %}
{%- endmacro %}
