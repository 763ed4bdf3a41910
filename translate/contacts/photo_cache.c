/* Scaled copies in memory: the same original makes the same copy, for whatever
 * phone and answer. The oldest unused go when there is no room. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "translate/contacts/photo_private.h"

#define MAX_COPIES 2048

struct copy {
	uint8_t key[16];
	char *p; /* NULL: nothing can be shown of that original */
	size_t n;
	uint64_t used;
};

static struct {
	pthread_mutex_t lock;
	struct copy v[MAX_COPIES];
	size_t n;
	uint64_t clock;
	struct photo_stats stats;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

void
photo_cache_key(struct span image, size_t max, uint8_t out[16])
{
	/* Ids of this process alone; what is scaled differently has another. */
	hash128(span_from(&max, sizeof(max)), image, out);
}

static struct copy *
find(const uint8_t key[16])
{
	size_t i;

	for (i = 0; i < cache.n; i++)
		if (memcmp(cache.v[i].key, key, sizeof(cache.v[i].key)) == 0)
			return &cache.v[i];
	return NULL;
}

bool
photo_cache_get(struct arena *a, const uint8_t key[16], struct span *out)
{
	struct copy *c;

	pthread_mutex_lock(&cache.lock);
	c = find(key);
	if (c != NULL) {
		c->used = ++cache.clock;
		*out = c->p == NULL ? SPAN_NONE
				    : arena_dup(a, span_from(c->p, c->n));
		cache.stats.hits++;
	}
	pthread_mutex_unlock(&cache.lock);
	return c != NULL;
}

static void
drop_oldest(void)
{
	size_t i, oldest = 0;

	for (i = 1; i < cache.n; i++)
		if (cache.v[i].used < cache.v[oldest].used)
			oldest = i;
	cache.stats.bytes -= cache.v[oldest].n;
	free(cache.v[oldest].p);
	cache.v[oldest] = cache.v[--cache.n];
}

void
photo_cache_put(const uint8_t key[16], struct span copy)
{
	struct copy *c;

	pthread_mutex_lock(&cache.lock);
	cache.stats.made++;
	while (find(key) == NULL && cache.n > 0 &&
	       (cache.n == MAX_COPIES ||
		cache.stats.bytes + copy.n > MAX_PHOTO_CACHE))
		drop_oldest();
	if (find(key) == NULL) {
		c = &cache.v[cache.n++];
		*c = (struct copy){ .n = copy.n, .used = ++cache.clock };
		memcpy(c->key, key, sizeof(c->key));
		if (copy.n > 0)
			c->p = memcpy(xmalloc(copy.n), copy.p, copy.n);
		cache.stats.bytes += copy.n;
	}
	pthread_mutex_unlock(&cache.lock);
}

struct photo_stats
photo_stats(void)
{
	struct photo_stats s;

	pthread_mutex_lock(&cache.lock);
	s = cache.stats;
	pthread_mutex_unlock(&cache.lock);
	return s;
}

void
photo_forget(void)
{
	pthread_mutex_lock(&cache.lock);
	while (cache.n > 0)
		drop_oldest();
	cache.stats = (struct photo_stats){ 0 };
	pthread_mutex_unlock(&cache.lock);
}
