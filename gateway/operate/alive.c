#include "gateway/operate/alive.h"

#include "base/arena.h"
#include "base/err.h"
#include "gateway/accounts/account.h"
#include "gateway/config/config.h"
#include "gateway/push/park.h"
#include "gateway/push/watch.h"
#include "state/devices.h"

static bool
state_readable(struct gateway *gw)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	struct device *v;
	size_t n;
	bool ok = device_list(gw->store, 0, a, &v, &n, &e);

	arena_free(&a);
	return ok;
}

static void
touch(struct account *a, void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&a->lock);
	pthread_mutex_unlock(&a->lock);
}

const char *
gateway_alive(struct gateway *gw)
{
	struct config *conf;

	if (atomic_load(&gw->stopping))
		return "stopping";
	conf = gateway_config(gw);
	config_put(&conf);
	accounts_each(gw, touch, NULL);
	waits_count(gw);
	if (!state_readable(gw))
		return "state";
	if (watch_silent_ms(gw->watch) > ALIVE_WATCH_MS)
		return "watch";
	return NULL;
}
