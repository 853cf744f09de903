{# `dbt run-operation singer_iterable.load_parquet --args '{folder: FOLDER}'` makes a table in DuckDB of the Parquet
   files of each stream that tap-iterable has written as BATCH files. Of rows with one key, that of the newest file
   is taken. Streams without a file get no table, and keep the one that they have. #}
{% macro load_parquet(folder) %}
  {%- if target.type != 'duckdb' -%}
    {% do exceptions.raise_compiler_error('load_parquet is for DuckDB; ' ~ target.type ~ ' has its own way to read files') %}
  {%- endif -%}
  {%- for stream, key in singer_iterable.stream_keys().items() -%}
    {%- set relation = source('singer_iterable', stream) -%}
    {%- set files = "'" ~ folder ~ "/*-" ~ stream ~ "-*.parquet'" -%}
    {%- if run_query('select count(*) from glob(' ~ files ~ ')').rows[0][0] > 0 -%}
      {%- do adapter.create_schema(relation) -%}
      {%- do run_query(singer_iterable.newest_rows(relation, files, key)) -%}
      {%- set rows = run_query('select count(*) from ' ~ relation).rows[0][0] -%}
      {%- do log(relation.schema ~ '.' ~ relation.identifier ~ ': ' ~ rows ~ ' rows', info=true) -%}
    {%- endif -%}
  {%- endfor -%}
{% endmacro %}

{% macro newest_rows(relation, files, key) %}
    create or replace table {{ relation }} as
    select loaded.* exclude (filename)
    from read_parquet({{ files }}, union_by_name = true, filename = true) as loaded
    inner join (select filename, last_modified from read_blob({{ files }})) as written
        on written.filename = loaded.filename
    qualify row_number() over (
        partition by {% for column in key %}{{ adapter.quote(column) }}{{ ', ' if not loop.last }}{% endfor %}
        order by written.last_modified desc, written.filename desc
    ) = 1
{% endmacro %}
