select
    campaign_id,
    cast({{ dbt.date_trunc('day', 'created_at') }} as date) as day,
    {{ campaign_measures() }}
from {{ ref('iterable_events') }}
where campaign_id is not null
group by campaign_id, cast({{ dbt.date_trunc('day', 'created_at') }} as date)
