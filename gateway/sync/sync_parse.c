/* Reads Sync requests; MS-ASCMD 2.2.1.21.1, captures in field notes: the
 * order of children is not insisted on, booleans may be empty. */
#include "gateway/sync/sync_parse.h"

#include "base/codec.h"
#include "base/limits.h"
#include "state/ids.h"

#define CACHE_BYTES (256u << 10)
#define FILTER_INCOMPLETE 8
#define TODO_FLOOR (INT64_MAX / 2)

/* Commands never enter the cache: a repeated empty request must not repeat
 * them. */
static void
copy_without_commands(struct wbxml_writer *w, const struct wbxml_node *n)
{
	const struct wbxml_node *c;

	if (n->child == NULL) {
		wbxml_copy(w, n);
		return;
	}
	wbxml_open(w, n->tag);
	for (c = n->child; c != NULL; c = c->next)
		if (c->tag != WX_AirSync_Commands &&
		    c->tag != WX_AirSync_Partial)
			copy_without_commands(w, c);
	wbxml_close(w);
}

static uint64_t
node_digest(const struct wbxml_node *n, uint64_t seed)
{
	struct buf b = BUF_INIT(MAX_REQUEST);
	struct wbxml_writer w;
	uint64_t h;

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	for (n = n ? n->child : NULL; n != NULL; n = n->next)
		wbxml_copy(&w, n);
	wbxml_close(&w);
	h = hash64(span_from(&seed, sizeof(seed)), buf_view(&b));
	buf_free(&b);
	return h;
}

static bool
read_command(const struct wbxml_node *n, struct sync_cmd *c)
{
	uint64_t seed;

	switch (n->tag) {
	case WX_AirSync_Add:
		c->kind = SYNC_ADD;
		break;
	case WX_AirSync_Change:
		c->kind = SYNC_CHANGE;
		break;
	case WX_AirSync_Delete:
		c->kind = SYNC_DELETE;
		break;
	case WX_AirSync_Fetch:
		c->kind = SYNC_FETCH;
		break;
	default:
		return false;
	}
	c->client_id = wbxml_child_text(n, WX_AirSync_ClientId);
	c->server_id = wbxml_child_text(n, WX_AirSync_ServerId);
	c->data = wbxml_child(n, WX_AirSync_ApplicationData);
	/* Honoured in every version: a Delete that names an occurrence must
	 * never take the series. */
	c->instance = wbxml_child_text(n, WX_AirSyncBase_InstanceId);
	c->send = wbxml_has(n, WX_Email2_Send) ||
		  wbxml_has(c->data, WX_Email2_Send);
	seed = (uint64_t)c->kind + 1;
	if (c->instance.n > 0 || c->send)
		seed = hash64(c->send ? SPAN("send") : SPAN("instance"),
			      c->instance) + seed;
	c->digest = node_digest(c->data, seed);
	return true;
}

static void
read_commands(struct arena *a, const struct wbxml_node *list,
	      struct sync_coll *c)
{
	const struct wbxml_node *n;
	size_t room = 0;

	for (n = list ? list->child : NULL; n != NULL; n = n->next) {
		if (c->n_cmds == MAX_COMMANDS) {
			c->bad = true; /* MS-ASCMD_R5625: Status 4 */
			return;
		}
		c->cmds = arena_grow(a, c->cmds, c->n_cmds, &room,
				     sizeof(*c->cmds));
		if (read_command(n, &c->cmds[c->n_cmds]))
			c->n_cmds++;
	}
}

static uint32_t
window_of(const struct wbxml_node *n)
{
	uint32_t v;

	if (!wbxml_child_u32(n, WX_AirSync_WindowSize, &v))
		return 100;
	return v == 0 || v > MAX_WINDOW ? MAX_WINDOW : v;
}

static void
read_collection(struct arena *a, const struct wbxml_node *n,
		struct sync_coll *c)
{
	bool first;

	c->node = n;
	c->key = wbxml_child_text(n, WX_AirSync_SyncKey);
	c->name = wbxml_child_text(n, WX_AirSync_CollectionId);
	if (c->key.n == 0 || c->name.n == 0)
		c->bad = true;
	if (!coll_parse(c->name, &c->coll))
		c->coll = 0;
	first = span_eq(c->key, SPAN("0"));
	/* MS-ASCMD 2.2.3.84: nothing can be asked for with the first key. */
	if (first && wbxml_child_bool(n, WX_AirSync_GetChanges, false))
		c->bad = true;
	c->get_changes = wbxml_child_bool(n, WX_AirSync_GetChanges, !first);
	/* Absent and empty both mean 1 (MS-ASCMD 2.2.3.43). */
	c->deletes_as_moves =
		wbxml_child_bool(n, WX_AirSync_DeletesAsMoves, true);
	c->window = window_of(n);
	c->has_options = wbxml_has(n, WX_AirSync_Options);
	c->conversation_mode =
		wbxml_child_bool(n, WX_AirSync_ConversationMode, false);
	read_commands(a, wbxml_child(n, WX_AirSync_Commands), c);
}

static void
add_collections(struct arena *a, const struct wbxml_node *root,
		struct sync_request *q, size_t *room)
{
	const struct wbxml_node *list, *n;
	struct sync_coll c;
	size_t i;

	list = wbxml_child(root, WX_AirSync_Collections);
	for (n = wbxml_child(list, WX_AirSync_Collection); n != NULL;
	     n = wbxml_again(n)) {
		c = (struct sync_coll){ 0 };
		read_collection(a, n, &c);
		for (i = 0; i < q->n; i++)
			if (span_eq(q->colls[i].name, c.name))
				break;
		if (i == q->n) {
			if (q->n == MAX_FOLDERS)
				return;
			q->colls = arena_grow(a, q->colls, q->n, room,
					      sizeof(*q->colls));
			q->n++;
		}
		q->colls[i] = c;
	}
}

/* Wait is in minutes, HeartbeatInterval in seconds; both at once is an
 * error; out of range is Status 14 with the nearest bound in its unit. */
static void
read_wait(const struct wbxml_node *root, struct sync_request *q)
{
	uint32_t wait, beat;
	bool has_wait = wbxml_child_u32(root, WX_AirSync_Wait, &wait);
	bool has_beat =
		wbxml_child_u32(root, WX_AirSync_HeartbeatInterval, &beat);

	if (has_wait && has_beat) {
		q->status = 4;
	} else if (has_wait) {
		if (wait < 1 || wait > 59) {
			q->status = 14;
			q->limit = wait < 1 ? 1 : 59;
		}
		q->wait_s = wait * 60;
	} else if (has_beat) {
		if (beat < HEARTBEAT_MIN || beat > HEARTBEAT_MAX) {
			q->status = 14;
			q->limit = beat < HEARTBEAT_MIN ? HEARTBEAT_MIN
							: HEARTBEAT_MAX;
		}
		q->wait_s = beat;
	}
}

static void
make_cache(struct arena *a, const struct wbxml_node *body,
	   const struct wbxml_node *old, struct sync_request *q)
{
	struct buf b = BUF_INIT(CACHE_BYTES);
	struct wbxml_writer w;
	const struct wbxml_node *n;
	struct err e = { 0 };
	size_t i;

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_open(&w, WX_AirSync_Collections);
	for (i = 0; i < q->n; i++)
		if (q->colls[i].node != NULL)
			copy_without_commands(&w, q->colls[i].node);
	wbxml_close(&w);
	for (n = (body->child ? body : old)->child; n != NULL; n = n->next)
		if (n->tag != WX_AirSync_Collections &&
		    n->tag != WX_AirSync_Partial)
			wbxml_copy(&w, n);
	wbxml_close(&w);
	if (wbxml_end(&w, &e))
		q->cached = arena_dup(a, buf_view(&b));
	buf_free(&b);
}

void
sync_parse(struct arena *a, const struct wbxml_node *body, struct span cache,
	   struct sync_request *out)
{
	struct sync_request q = { .window = MAX_WINDOW };
	struct wbxml_node *old = NULL;
	struct err e = { 0 };
	bool partial;
	size_t room = 0;

	partial = body != NULL && wbxml_has(body, WX_AirSync_Partial);
	if ((body == NULL || partial) &&
	    (cache.n == 0 || !wbxml_read(a, cache, &old, &e))) {
		q.status = 13; /* MS-ASCMD: cache lost, send a full request */
		*out = q;
		return;
	}
	if (old != NULL)
		add_collections(a, old, &q, &room);
	if (body != NULL) {
		add_collections(a, body, &q, &room);
		if (partial && body->child->next == NULL)
			q.status = 4; /* Partial alone is invalid */
	}
	if (wbxml_has(body != NULL ? body : old, WX_AirSync_WindowSize))
		q.window = window_of(body != NULL ? body : old);
	read_wait(body != NULL && (!partial ||
				   wbxml_has(body, WX_AirSync_Wait) ||
				   wbxml_has(body,
					     WX_AirSync_HeartbeatInterval))
			  ? body
			  : old,
		  &q);
	if (q.n == 0 && q.status == 0)
		q.status = 4; /* neither Partial nor Collections */
	if (q.status == 0 && body != NULL)
		make_cache(a, body, old ? old : body, &q);
	*out = q;
}

static int64_t
days_floor(uint32_t filter, int64_t now)
{
	static const int days[] = { 0, 1, 3, 7, 14, 31, 92, 183 };

	if (filter == 0 || filter >= sizeof(days) / sizeof(days[0]))
		return INT64_MIN;
	/* Whole days: items age out at midnight, and an idle Sync writes
	 * nothing. */
	return (now - (int64_t)days[filter] * 86400) / 86400 * 86400;
}

int64_t
sync_filter_floor(enum item_kind kind, uint32_t filter, int64_t now)
{
	switch (kind) {
	case KIND_TASK:
		return filter == FILTER_INCOMPLETE ? TODO_FLOOR : INT64_MIN;
	case KIND_CONTACT:
	case KIND_NOTE:
		return INT64_MIN;
	default:
		return days_floor(filter, now);
	}
}
