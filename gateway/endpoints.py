"""The endpoints of Prefect 3.8, by what they are for; `table` says who may call them."""

from __future__ import annotations

SIGNS = """
GET /health
GET /ready
GET /hello
GET /version
GET /csrf-token
GET /admin/version
"""
"""Clients ask for these before anything else."""

LOOKS = """
GET /flows/{id}
GET /flows/name/{name}
POST /flows/count
POST /flows/filter
POST /flows/paginate
GET /flow_runs/{id}
GET /flow_runs/{id}/graph
GET /flow_runs/{id}/graph-v2
GET /flow_runs/{id}/logs/download
POST /flow_runs/count
POST /flow_runs/lateness
POST /flow_runs/history
POST /flow_runs/filter
POST /flow_runs/paginate
GET /task_runs/{id}
POST /task_runs/count
POST /task_runs/history
POST /task_runs/filter
POST /task_runs/paginate
GET /flow_run_states/{id}
GET /flow_run_states/
GET /task_run_states/{id}
GET /task_run_states/
GET /deployments/{id}
GET /deployments/name/{flow_name}/{deployment_name}
GET /deployments/{id}/work_queue_check
GET /deployments/{id}/schedules
POST /deployments/filter
POST /deployments/paginate
POST /deployments/get_scheduled_flow_runs
POST /deployments/count
GET /saved_searches/{id}
POST /saved_searches/filter
POST /logs/filter
GET /concurrency_limits/{id}
GET /concurrency_limits/tag/{tag}
POST /concurrency_limits/filter
GET /v2/concurrency_limits/{id_or_name}
POST /v2/concurrency_limits/filter
GET /block_types/{id}
GET /block_types/slug/{slug}
POST /block_types/filter
GET /work_pools/{name}
POST /work_pools/filter
POST /work_pools/count
POST /work_pools/{name}/concurrency_status
GET /work_pools/{work_pool_name}/queues/{name}
POST /work_pools/{work_pool_name}/queues/filter
POST /work_pools/{work_pool_name}/workers/filter
POST /task_workers/filter
GET /work_queues/{id}
GET /work_queues/name/{name}
GET /work_queues/{id}/status
POST /work_queues/filter
POST /work_queues/{id}/concurrency_status
GET /artifacts/{id}
GET /artifacts/{key}/latest
POST /artifacts/filter
POST /artifacts/latest/filter
POST /artifacts/count
POST /artifacts/latest/count
GET /block_schemas/{id}
GET /block_schemas/checksum/{checksum}
POST /block_schemas/filter
GET /block_capabilities/
GET /collections/views/{view}
GET /variables/{id}
GET /variables/name/{name}
POST /variables/filter
POST /variables/count
POST /events/filter
GET /events/filter/next
POST /events/count-by/{countable}
GET /automations/{id}
GET /automations/related-to/{resource_id}
POST /automations/filter
POST /automations/count
POST /ui/flows/count-deployments
POST /ui/flows/next-runs
POST /ui/flow_runs/history
POST /ui/flow_runs/count-task-runs
POST /ui/schemas/validate
POST /ui/task_runs/dashboard/counts
POST /ui/task_runs/count
GET /ui/task_runs/{id}
"""

BLOCK_LOOKS = """
GET /block_documents/{id}
POST /block_documents/filter
POST /block_documents/count
GET /block_types/slug/{slug}/block_documents
GET /block_types/slug/{slug}/block_documents/name/{block_document_name}
"""

ANSWERS = """
POST /flow_runs/{id}/input/filter
GET /flow_runs/{id}/input/{key}
"""

PAUSING = """
POST /deployments/{id}/resume_deployment
POST /deployments/{id}/pause_deployment
"""

REPORTS = """
GET /admin/storage
POST /logs/
POST /artifacts/
PATCH /artifacts/{id}
POST /events
POST /work_pools/{name}/get_scheduled_flow_runs
POST /work_pools/{work_pool_name}/workers/heartbeat
POST /work_queues/{id}/get_runs
POST /concurrency_limits/increment
POST /concurrency_limits/decrement
POST /v2/concurrency_limits/increment
POST /v2/concurrency_limits/increment-with-lease
POST /v2/concurrency_limits/decrement
POST /v2/concurrency_limits/decrement-with-lease
POST /v2/concurrency_limits/leases/{lease_id}/renew
POST /task_runs/
PATCH /task_runs/{id}
POST /task_runs/{id}/set_state
"""

DEPLOYING = """
POST /flows/
PATCH /flows/{id}
POST /deployments/
PATCH /deployments/{id}
DELETE /deployments/{id}
POST /deployments/{id}/schedules
PATCH /deployments/{id}/schedules/{schedule_id}
DELETE /deployments/{id}/schedules/{schedule_id}
DELETE /automations/owned-by/{resource_id}
POST /concurrency_limits/
DELETE /concurrency_limits/{id}
DELETE /concurrency_limits/tag/{tag}
POST /concurrency_limits/tag/{tag}/reset
POST /v2/concurrency_limits/
PATCH /v2/concurrency_limits/{id_or_name}
DELETE /v2/concurrency_limits/{id_or_name}
POST /block_types/
PATCH /block_types/{id}
POST /block_types/install_system_block_types
POST /block_documents/
PATCH /block_documents/{id}
DELETE /block_documents/{id}
POST /block_schemas/
POST /work_pools/
PATCH /work_pools/{name}
DELETE /work_pools/{name}
POST /work_pools/{work_pool_name}/queues
PATCH /work_pools/{work_pool_name}/queues/{name}
DELETE /work_pools/{work_pool_name}/queues/{name}
DELETE /work_pools/{work_pool_name}/workers/{name}
POST /work_queues/
PATCH /work_queues/{id}
DELETE /work_queues/{id}
POST /variables/
PATCH /variables/{id}
PATCH /variables/name/{name}
DELETE /variables/{id}
DELETE /variables/name/{name}
"""

NOBODY = """
POST /flow_runs/
POST /flow_runs/bulk_delete
POST /flow_runs/bulk_set_state
DELETE /task_runs/{id}
DELETE /flows/{id}
POST /flows/bulk_delete
POST /deployments/bulk_delete
POST /deployments/{id}/schedule
POST /deployments/{id}/create_flow_run/bulk
PUT /saved_searches/
DELETE /saved_searches/{id}
DELETE /artifacts/{id}
DELETE /block_types/{id}
DELETE /block_schemas/{id}
POST /automations/
PUT /automations/{id}
PATCH /automations/{id}
DELETE /automations/{id}
POST /templates/validate
POST /automations/templates/validate
PUT /admin/storage
DELETE /admin/storage
"""
