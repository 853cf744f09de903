{# Kinds of columns: text, integer, number, boolean, moment (UTC, without a zone where the database has such a type),
   json, integers and texts (arrays). Snowflake's and BigQuery's variants were never run. #}

{% macro type_of(kind) %}
  {{- return(adapter.dispatch('type_of', 'singer_iterable')(kind)) -}}
{% endmacro %}

{% macro postgres__type_of(kind) %}
  {{- return({'text': 'text', 'integer': 'bigint', 'number': 'numeric', 'boolean': 'boolean', 'moment': 'timestamp',
              'json': 'jsonb', 'integers': 'bigint[]', 'texts': 'text[]'}[kind]) -}}
{% endmacro %}

{% macro duckdb__type_of(kind) %}
  {{- return({'text': 'varchar', 'integer': 'bigint', 'number': 'double', 'boolean': 'boolean', 'moment': 'timestamp',
              'json': 'json', 'integers': 'bigint[]', 'texts': 'varchar[]'}[kind]) -}}
{% endmacro %}

{% macro snowflake__type_of(kind) %}
  {{- return({'text': 'varchar', 'integer': 'bigint', 'number': 'double', 'boolean': 'boolean', 'moment': 'timestamp_ntz',
              'json': 'variant', 'integers': 'array', 'texts': 'array'}[kind]) -}}
{% endmacro %}

{% macro bigquery__type_of(kind) %}
  {{- return({'text': 'string', 'integer': 'int64', 'number': 'float64', 'boolean': 'bool', 'moment': 'timestamp',
              'json': 'json', 'integers': 'array<int64>', 'texts': 'array<string>'}[kind]) -}}
{% endmacro %}

{% macro null_of(kind) -%}
  cast(null as {{ singer_iterable.type_of(kind) }})
{%- endmacro %}


{# A column of a loaded table as a kind; loaders give one field different types. #}
{% macro typed(column, kind) %}
  {{- return(adapter.dispatch('typed', 'singer_iterable')(adapter.quote(column.name), column.dtype | lower, kind)) -}}
{% endmacro %}

{# target-postgres writes the JSON value null into jsonb columns that a record lacks. #}
{% macro postgres__typed(name, type, kind) -%}
  {%- set is_json = type in ('json', 'jsonb') -%}
  {%- set value = "nullif(cast(" ~ name ~ " as jsonb), cast('null' as jsonb))" if is_json else name -%}
  {%- if kind == 'json' -%} {{ value if is_json else "cast(" ~ name ~ " as jsonb)" }}
  {%- elif kind in ('integers', 'texts') and is_json -%}
    case when jsonb_typeof({{ value }}) = 'array' then array(
      select cast(item.value as {{ 'bigint' if kind == 'integers' else 'text' }})
      from jsonb_array_elements_text(cast({{ name }} as jsonb)) as item(value)
    ) end
  {%- elif kind == 'moment' and type != 'timestamp without time zone' -%}
    cast({{ name }} as timestamptz) at time zone 'UTC'
  {%- elif is_json -%} cast({{ value }} #>> '{}' as {{ singer_iterable.type_of(kind) }})
  {%- else -%} cast({{ name }} as {{ singer_iterable.type_of(kind) }})
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__typed(name, type, kind) -%}
  {%- if kind == 'moment' and type != 'timestamp' -%} timezone('UTC', cast({{ name }} as timestamptz))
  {%- elif kind == 'json' and type not in ('json', 'varchar') -%} to_json({{ name }})
  {%- else -%} cast({{ name }} as {{ singer_iterable.type_of(kind) }})
  {%- endif -%}
{%- endmacro %}

{% macro snowflake__typed(name, type, kind) -%}
  {%- if kind == 'moment' and type in ('timestamp_tz', 'timestamp_ltz') -%}
    cast(convert_timezone('UTC', {{ name }}) as timestamp_ntz)
  {%- elif kind == 'json' -%}
    {{ "nullif(" ~ name ~ ", parse_json('null'))" if type == 'variant' else "parse_json(" ~ name ~ ")" if type in ('varchar', 'text') else "to_variant(" ~ name ~ ")" }}
  {%- elif kind in ('integers', 'texts') -%}
    {{ "as_array(parse_json(" ~ name ~ "))" if type in ('varchar', 'text') else "as_array(to_variant(" ~ name ~ "))" }}
  {%- else -%} cast({{ name }} as {{ singer_iterable.type_of(kind) }})
  {%- endif -%}
{%- endmacro %}

{% macro bigquery__typed(name, type, kind) -%}
  {%- if kind == 'json' -%}
    {{ "parse_json(" ~ name ~ ")" if type == 'string' else "to_json(" ~ name ~ ")" if type != 'json' else "if(json_type(" ~ name ~ ") = 'null', null, " ~ name ~ ")" }}
  {%- elif kind in ('integers', 'texts') and type in ('json', 'string') -%}
    array(
      select cast(item as {{ 'int64' if kind == 'integers' else 'string' }})
      from unnest(json_value_array({{ name }})) as item
    )
  {%- elif kind in ('integers', 'texts') -%} {{ name }}
  {%- else -%} cast({{ name }} as {{ singer_iterable.type_of(kind) }})
  {%- endif -%}
{%- endmacro %}
