{% set fields = event_columns() %}
{% set renamed = {'fromSMSSenderId': 'from_sms_sender_id', 'isSMSEstimation': 'is_sms_estimation'} %}
{% set actions = event_actions() %}

{% for table, data_type in event_tables().items() %}
{%- set medium, action = actions.get(data_type, (none, none)) -%}
{%- set more = [
    dbt.string_literal(data_type) ~ ' as data_type',
    (dbt.string_literal(medium) if medium else null_of('text')) ~ ' as message_medium',
    (dbt.string_literal(action) if action else null_of('text')) ~ ' as action',
] -%}
{{ loaded(table, fields, renamed, more) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
