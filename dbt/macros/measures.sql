{# Aggregates over rows of `iterable_events`. `bots` is true for what bots did, false for what people did, and none
   for both. #}

{% macro is_action(action, bots=none) -%}
  action = '{{ action }}'{% if bots is not none %} and {{ 'is_bot' if bots else 'not is_bot' }}{% endif %}
{%- endmacro %}

{% macro first_time(action, bots=none) -%}
  min(case when {{ singer_iterable.is_action(action, bots) }} then created_at end)
{%- endmacro %}

{% macro times(action, bots=none) -%}
  sum(case when {{ singer_iterable.is_action(action, bots) }} then 1 else 0 end)
{%- endmacro %}

{# What campaigns achieved: events, and users (`unique_`). #}
{% macro campaign_measures() %}
  {%- set measures = {
    'sends': is_action('sent'),
    'send_skips': is_action('skipped'),
    'bounces': is_action('bounced'),
    'opens': is_action('opened'),
    'opens_by_people': is_action('opened', bots=false),
    'clicks': is_action('clicked'),
    'clicks_by_people': is_action('clicked', bots=false),
    'unsubscribes': is_action('unsubscribed'),
    'complaints': is_action('complained'),
    'purchases': "data_type = 'purchase'",
  } %}
  {%- for name, condition in measures.items() %}
        sum(case when {{ condition }} then 1 else 0 end) as {{ name }},
        count(distinct case when {{ condition }} then user_key end) as unique_{{ name }},
  {%- endfor %}
        coalesce(sum(purchase_total), 0) as revenue
{% endmacro %}

{# A quotient from 0 to 1; null where there is nothing to divide by. #}
{% macro share(part, whole) -%}
  cast({{ part }} as {{ singer_iterable.type_of('number') }}) / nullif({{ whole }}, 0)
{%- endmacro %}
