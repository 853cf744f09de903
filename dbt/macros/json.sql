{# JSON values and arrays. #}

{# The text of a JSON value. #}
{% macro json_text(value) %}
  {{- return(adapter.dispatch('json_text', 'singer_iterable')(value)) -}}
{% endmacro %}

{% macro default__json_text(value) -%} cast({{ value }} as {{ singer_iterable.type_of('text') }}) {%- endmacro %}
{% macro snowflake__json_text(value) -%} to_json({{ value }}) {%- endmacro %}
{% macro bigquery__json_text(value) -%} to_json_string({{ value }}) {%- endmacro %}


{# The JSON text of an array of plain values. #}
{% macro array_text(value) %}
  {{- return(adapter.dispatch('array_text', 'singer_iterable')(value)) -}}
{% endmacro %}

{% macro postgres__array_text(value) -%} cast(to_jsonb({{ value }}) as text) {%- endmacro %}
{% macro duckdb__array_text(value) -%} cast(to_json({{ value }}) as varchar) {%- endmacro %}
{% macro snowflake__array_text(value) -%} to_json({{ value }}) {%- endmacro %}
{% macro bigquery__array_text(value) -%} to_json_string({{ value }}) {%- endmacro %}


{# A member of a JSON object, as a kind. #}
{% macro json_member(value, name, kind='text') -%}
  cast({{ adapter.dispatch('json_member', 'singer_iterable')(value, name) }} as {{ singer_iterable.type_of(kind) }})
{%- endmacro %}

{% macro postgres__json_member(value, name) -%} {{ value }} ->> '{{ name }}' {%- endmacro %}
{% macro duckdb__json_member(value, name) -%} ({{ value }} ->> '$."{{ name }}"') {%- endmacro %}
{% macro snowflake__json_member(value, name) -%} {{ value }}:"{{ name }}"::varchar {%- endmacro %}
{% macro bigquery__json_member(value, name) -%} json_value({{ value }}, '$."{{ name }}"') {%- endmacro %}


{# A row for each item of an array, of what stands before in a FROM clause. `array_item` is the item. #}
{% macro join_array(array) %}
  {{- return(adapter.dispatch('join_array', 'singer_iterable')(array)) -}}
{% endmacro %}

{% macro postgres__join_array(array) -%} cross join lateral unnest({{ array }}) as item(value) {%- endmacro %}
{% macro duckdb__join_array(array) -%} cross join unnest({{ array }}) as item(value) {%- endmacro %}
{% macro snowflake__join_array(array) -%} cross join lateral flatten(input => {{ array }}) as item {%- endmacro %}
{% macro bigquery__join_array(array) -%} cross join unnest({{ array }}) as item {%- endmacro %}


{# The same for a JSON value that may be an array. #}
{% macro join_json_array(value) %}
  {{- return(adapter.dispatch('join_json_array', 'singer_iterable')(value)) -}}
{% endmacro %}

{% macro postgres__join_json_array(value) -%}
  cross join lateral jsonb_array_elements(
    case when jsonb_typeof({{ value }}) = 'array' then {{ value }} else '[]' end
  ) with ordinality as item(value, place)
{%- endmacro %}
{% macro duckdb__join_json_array(value) -%}
  cross join unnest(
    cast(case when json_type({{ value }}) = 'ARRAY' then {{ value }} end as json[])
  ) with ordinality as item(value, place)
{%- endmacro %}
{% macro snowflake__join_json_array(value) -%} cross join lateral flatten(input => as_array({{ value }})) as item {%- endmacro %}
{% macro bigquery__join_json_array(value) -%} cross join unnest(json_query_array({{ value }})) as item with offset as place {%- endmacro %}

{# The number of the item in a JSON array, from 1. #}
{% macro item_number() %}
  {{- return({'snowflake': 'item.index + 1', 'bigquery': 'place + 1'}.get(target.type, 'item.place')) -}}
{% endmacro %}

{% macro array_item(kind) -%}
  {%- set item = 'item' if target.type == 'bigquery' else 'item.value' -%}
  {{- item if kind == 'json' else 'cast(' ~ item ~ ' as ' ~ singer_iterable.type_of(kind) ~ ')' -}}
{%- endmacro %}
