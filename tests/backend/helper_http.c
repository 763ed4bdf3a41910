#include "tests/backend/helper_http.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

#define MAX_RULES 64
#define MAX_SEEN 1000
#define MAX_WIRES 200

struct fake {
	int fd;
	unsigned port;
	pthread_t thread;
	pthread_mutex_t lock;
	struct fake_rule rules[MAX_RULES];
	size_t n_rules;
	char *seen[MAX_SEEN];
	size_t n_seen;
	bool tls;
	gnutls_certificate_credentials_t cred;
	struct wire *wires[MAX_WIRES];
	size_t n_wires;
};

struct wire {
	struct fake *f;
	pthread_t thread;
	int fd;
	gnutls_session_t tls;
};

static ssize_t
get(struct wire *w, void *p, size_t n)
{
	return w->tls ? gnutls_record_recv(w->tls, p, n) : read(w->fd, p, n);
}

static bool
give(struct wire *w, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = w->tls ? gnutls_record_send(w->tls, p, n)
				   : send(w->fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* One request with its body, NUL-terminated; NULL at the end. */
static char *
read_request(struct wire *w)
{
	struct buf b = BUF_INIT(64u << 20);
	char *head_end = NULL, *length, piece[65536];
	size_t want = 0, n;

	for (;;) {
		ssize_t k;

		if (head_end && b.n >= want)
			break;
		k = get(w, piece, head_end && want - b.n < sizeof(piece)
					  ? want - b.n
					  : head_end ? sizeof(piece) : 1);
		if (k <= 0) {
			buf_free(&b);
			return NULL;
		}
		buf_put(&b, piece, (size_t)k);
		if (head_end || b.n < 4 || memcmp(b.p + b.n - 4, "\r\n\r\n", 4))
			continue;
		buf_byte(&b, '\0');
		b.n--;
		length = strcasestr(b.p, "\r\nContent-Length:");
		want = b.n + (length ? strtoul(length + 17, NULL, 10) : 0);
		head_end = b.p;
	}
	buf_byte(&b, '\0');
	return buf_take(&b, &n);
}

static bool
fits(const struct fake_rule *r, const char *request)
{
	size_t n = strcspn(request, " ");
	const char *path = request + n + (request[n] != '\0');
	size_t k = strcspn(path, " ");

	if (r->times < 0)
		return false;
	return (!r->method || (strlen(r->method) == n &&
			       !strncmp(request, r->method, n))) &&
	       (!r->path || (strlen(r->path) == k &&
			     !strncmp(path, r->path, k))) &&
	       (!r->contains || strstr(request, r->contains));
}

static struct fake_rule
answer_to(struct fake *f, char *request)
{
	struct fake_rule out = { .status = "404 Not Found" };
	size_t i;

	pthread_mutex_lock(&f->lock);
	if (f->n_seen < MAX_SEEN)
		f->seen[f->n_seen++] = request;
	for (i = 0; i < f->n_rules; i++) {
		struct fake_rule *r = &f->rules[i];

		if (!fits(r, request))
			continue;
		out = *r;
		out.body = r->body ? xstrdup(r->body) : NULL;
		if (r->times > 0 && --r->times == 0)
			r->times = -1;
		break;
	}
	pthread_mutex_unlock(&f->lock);
	return out;
}

static void
put_body(struct buf *b, const struct fake_rule *r)
{
	const char *at = r->body ? strstr(r->body, "{}") : NULL;
	static char xs[65536];
	size_t i, k;

	if (!r->filler || !at) {
		buf_str(b, r->body ? r->body : "");
		return;
	}
	buf_put(b, r->body, (size_t)(at - r->body));
	memset(xs, 'x', sizeof(xs));
	for (i = 0; i < r->filler; i += k) {
		k = r->filler - i < sizeof(xs) ? r->filler - i : sizeof(xs);
		buf_put(b, xs, k);
	}
	buf_str(b, at + 2);
}

static bool
say(struct wire *w, const struct fake_rule *r)
{
	struct buf body = BUF_INIT(256u << 20), head = BUF_INIT(65536);
	bool ok;

	if (r->flags & FAKE_SLOW)
		sleep(3);
	put_body(&body, r);
	buf_printf(&head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
		   r->status, r->headers ? r->headers : "", body.n);
	ok = give(w, head.p, head.n) &&
	     give(w, body.p, r->flags & FAKE_CUT ? body.n / 2 : body.n) &&
	     !(r->flags & FAKE_CUT);
	buf_free(&body);
	buf_free(&head);
	return ok;
}

static void *
serve(void *arg)
{
	struct wire *w = arg;
	struct fake_rule r;
	char *request;
	bool ok = true;

	if (w->f->tls) {
		gnutls_init(&w->tls, GNUTLS_SERVER);
		gnutls_set_default_priority(w->tls);
		gnutls_credentials_set(w->tls, GNUTLS_CRD_CERTIFICATE,
				       w->f->cred);
		gnutls_transport_set_int(w->tls, w->fd);
		ok = gnutls_handshake(w->tls) == 0;
	}
	while (ok && (request = read_request(w)) != NULL) {
		r = answer_to(w->f, request);
		ok = say(w, &r);
		free((void *)(uintptr_t)r.body);
	}
	if (w->tls)
		gnutls_deinit(w->tls);
	shutdown(w->fd, SHUT_RDWR);
	return NULL;
}

static void *
accept_all(void *arg)
{
	struct fake *f = arg;
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		struct wire *w = xcalloc(1, sizeof(*w));
		int on = 1;

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		w->f = f;
		w->fd = fd;
		if (f->n_wires == MAX_WIRES)
			abort();
		f->wires[f->n_wires++] = w;
		pthread_create(&w->thread, NULL, serve, w);
	}
	return NULL;
}

struct fake *
fake_up(const char *pki)
{
	struct fake *f = xcalloc(1, sizeof(*f));
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	char chain[300], key[300];

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(f->fd, (struct sockaddr *)&sa, n) || listen(f->fd, 20) ||
	    getsockname(f->fd, (struct sockaddr *)&sa, &n))
		abort();
	f->port = ntohs(sa.sin_port);
	pthread_mutex_init(&f->lock, NULL);
	if (pki) {
		f->tls = true;
		snprintf(chain, sizeof(chain), "%s/chain.pem", pki);
		snprintf(key, sizeof(key), "%s/srv.key", pki);
		gnutls_certificate_allocate_credentials(&f->cred);
		if (gnutls_certificate_set_x509_key_file(
			    f->cred, chain, key, GNUTLS_X509_FMT_PEM) < 0)
			abort();
	}
	pthread_create(&f->thread, NULL, accept_all, f);
	return f;
}

void
fake_forget(struct fake *f)
{
	size_t i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->n_rules; i++)
		free((void *)(uintptr_t)f->rules[i].body);
	for (i = 0; i < f->n_seen; i++)
		free(f->seen[i]);
	f->n_rules = f->n_seen = 0;
	pthread_mutex_unlock(&f->lock);
}

void
fake_down(struct fake **p)
{
	struct fake *f = *p;
	size_t i;

	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->fd);
	for (i = 0; i < f->n_wires; i++) {
		shutdown(f->wires[i]->fd, SHUT_RDWR);
		pthread_join(f->wires[i]->thread, NULL);
		close(f->wires[i]->fd);
		free(f->wires[i]);
	}
	fake_forget(f);
	if (f->tls)
		gnutls_certificate_free_credentials(f->cred);
	pthread_mutex_destroy(&f->lock);
	free(f);
	*p = NULL;
}

unsigned
fake_port(const struct fake *f)
{
	return f->port;
}

void
fake_rule(struct fake *f, struct fake_rule r)
{
	if (r.body)
		r.body = xstrdup(r.body);
	pthread_mutex_lock(&f->lock);
	if (f->n_rules == MAX_RULES)
		abort();
	f->rules[f->n_rules++] = r;
	pthread_mutex_unlock(&f->lock);
}

size_t
fake_seen(struct fake *f, const char *one, const char *two,
	  const char *three)
{
	size_t i, n = 0;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->n_seen; i++)
		n += (!one || strstr(f->seen[i], one)) &&
		     (!two || strstr(f->seen[i], two)) &&
		     (!three || strstr(f->seen[i], three));
	pthread_mutex_unlock(&f->lock);
	return n;
}
