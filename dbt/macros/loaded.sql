{# Tables as a loader has written them. Names of columns are compared without case and underscores, so that
   `recordId`, `RECORDID` and `record_id` are one. #}

{% macro plain_name(name) %}
  {{- return(name | lower | replace('_', '')) -}}
{% endmacro %}

{% macro snake_name(name) %}
  {{- return(modules.re.sub('(?<=[a-z0-9])(?=[A-Z])', '_', name) | lower) -}}
{% endmacro %}

{# The relation of a stream, or none if its table was never loaded. #}
{% macro loaded_table(stream) %}
  {%- set relation = source('singer_iterable', stream) -%}
  {{- return(load_relation(relation) if execute else none) -}}
{% endmacro %}

{# Columns of a stream. `fields` maps the tap's names to kinds; names in the result are in snake case, or are what
   `renamed` says. A column that is not there is null. Rows that left the source (`_sdc_deleted_at`) are left out.
   A table that is not there gives no rows. #}
{% macro loaded(stream, fields, renamed={}, more=[]) %}
  {%- set relation = singer_iterable.loaded_table(stream) -%}
  {%- set found = {} -%}
  {%- if relation is not none -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
      {%- do found.update({singer_iterable.plain_name(column.name): column}) -%}
    {%- endfor -%}
  {%- endif -%}
    select
  {%- for expression in more %}
      {{ expression }},
  {%- endfor %}
  {%- for field, kind in fields.items() %}
      {% set column = found.get(singer_iterable.plain_name(field)) -%}
      {{ singer_iterable.null_of(kind) if column is none else singer_iterable.typed(column, kind) }} as {{ renamed.get(field, singer_iterable.snake_name(field)) }},
  {%- endfor %}
      {% set synced = found.get('sdcbatchedat') -%}
      {{ singer_iterable.null_of('moment') if synced is none else singer_iterable.typed(synced, 'moment') }} as synced_at
    {%- if relation is none %}
    from (select 1 as nothing) as empty
    where 1 = 0
    {%- else %}
    from {{ relation }}
    {%- if 'sdcdeletedat' in found %}
    where {{ adapter.quote(found['sdcdeletedat'].name) }} is null
    {%- endif %}
    {%- endif %}
{% endmacro %}

{# Who a row is about: the first identifier that the project goes by and the row has. #}
{% macro user_key(relation='') -%}
  {%- set dot = relation ~ '.' if relation else '' -%}
  {%- set email = 'lower(' ~ dot ~ 'email)' -%}
  {%- set user_id = dot ~ 'user_id' -%}
  coalesce({{ email ~ ', ' ~ user_id if var('singer_iterable_project_type') == 'email' else user_id ~ ', ' ~ email }}, {{ dot }}itbl_user_id)
{%- endmacro %}
