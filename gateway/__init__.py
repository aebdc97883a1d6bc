"""Who is asking: Prefect's own server and UI behind a verified person.

An ASGI application around Prefect's, which stays as it is. It knows who asks (`doors`), what they
may call (`table`), and what a body may say (`guards`); it stamps who started a run and signs each
answer at a gate. A run believes signatures alone, so what opens a gate is decided in `engine`, and
this room is the first line and not the last. It imports flows, adapters and engine.
"""
