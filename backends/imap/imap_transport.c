/* TCP and TLS under an IMAP connection. No select(), no libetpan sockets:
 * both have bounds or missing checks that a gateway cannot live with. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/imap/imap_conn_private.h"
#include "base/clock.h"

static pthread_mutex_t trust_lock = PTHREAD_MUTEX_INITIALIZER;

/* Trust stores, one for each CA file in use; kept until the process ends. */
static struct trust {
	char *ca_file;
	gnutls_certificate_credentials_t cred;
	struct trust *next;
} *trusts;

static struct trust *
trust_load(const char *ca_file, struct err *e)
{
	struct trust *t = xcalloc(1, sizeof(*t));
	int r;

	gnutls_certificate_allocate_credentials(&t->cred);
	if (ca_file)
		r = gnutls_certificate_set_x509_trust_file(
			t->cred, ca_file, GNUTLS_X509_FMT_PEM);
	else
		r = gnutls_certificate_set_x509_system_trust(t->cred);
	if (r <= 0) {
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"no certificates in %s",
			ca_file ? ca_file : "the system's trust store");
		gnutls_certificate_free_credentials(t->cred);
		free(t);
		return NULL;
	}
	t->ca_file = ca_file ? xstrdup(ca_file) : NULL;
	t->next = trusts;
	trusts = t;
	return t;
}

static gnutls_certificate_credentials_t
trust_of(const char *ca_file, struct err *e)
{
	struct trust *t;

	pthread_mutex_lock(&trust_lock);
	for (t = trusts; t; t = t->next)
		if (ca_file ? t->ca_file && !strcmp(t->ca_file, ca_file)
			    : !t->ca_file)
			break;
	if (!t)
		t = trust_load(ca_file, e);
	pthread_mutex_unlock(&trust_lock);
	return t ? t->cred : NULL;
}

/* False at the deadline. */
static bool
conn_wait(struct conn *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	for (;;) {
		int64_t left = c->deadline - clock_mono_ms();
		int r;

		if (left <= 0) {
			c->trouble = "timeout";
			return false;
		}
		r = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (r > 0)
			return true;
		if (r < 0 && errno != EINTR) {
			c->trouble = "poll";
			return false;
		}
	}
}

static bool
is_local(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		uint32_t ip = ntohl(
			((const struct sockaddr_in *)(const void *)sa)
				->sin_addr.s_addr);

		return ip >> 24 == 127 || ip >> 24 == 10 ||
		       ip >> 20 == 0xAC1 || ip >> 16 == 0xC0A8;
	}
	if (sa->sa_family == AF_INET6) {
		const struct in6_addr *ip =
			&((const struct sockaddr_in6 *)(const void *)sa)
				 ->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(ip) || IN6_IS_ADDR_LINKLOCAL(ip) ||
		       (ip->s6_addr[0] & 0xFE) == 0xFC;
	}
	return false;
}

static bool
connect_one(struct conn *c, const struct addrinfo *ai)
{
	int on = 1, bad = 0;
	socklen_t len = sizeof(bad);

	c->fd = socket(ai->ai_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		c->trouble = strerror(errno);
		return false;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(c->fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		if (errno != EINPROGRESS) {
			c->trouble = strerror(errno);
			return false;
		}
		if (!conn_wait(c, POLLOUT))
			return false;
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &bad, &len);
		if (bad) {
			c->trouble = strerror(bad);
			return false;
		}
	}
	c->local = is_local(ai->ai_addr);
	return true;
}

/* Every address gets its share of the time that is left. */
static bool
connect_any(struct conn *c, const struct endpoint *to, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *all = NULL, *ai;
	int64_t end = c->deadline;
	char port[16];
	int r, left = 0;

	snprintf(port, sizeof(port), "%u", to->port);
	r = getaddrinfo(to->host, port, &hints, &all);
	if (r)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s",
			       to->host, gai_strerror(r));
	for (ai = all; ai; ai = ai->ai_next)
		left++;
	for (ai = all; ai; ai = ai->ai_next, left--) {
		int64_t now = clock_mono_ms();

		c->deadline = now + (end - now) / left;
		if (connect_one(c, ai))
			break;
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
	}
	freeaddrinfo(all);
	c->deadline = end;
	if (c->fd >= 0)
		return true;
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s:%u: %s",
		       to->host, to->port, c->trouble);
}

static bool
tls_fail(struct conn *c, int r, struct err *e)
{
	gnutls_datum_t why = { NULL, 0 };
	unsigned status;

	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
		status = gnutls_session_get_verify_cert_status(c->tls);
		gnutls_certificate_verification_status_print(
			status, GNUTLS_CRT_X509, &why, 0);
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"certificate of %s refused: %s", c->host,
			why.data ? (char *)why.data : "");
		gnutls_free(why.data);
		return false;
	}
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "TLS with %s: %s",
		       c->host, c->trouble ? c->trouble : gnutls_strerror(r));
}

static bool
is_address(const char *host)
{
	struct in6_addr a;

	return inet_pton(AF_INET, host, &a) == 1 ||
	       inet_pton(AF_INET6, host, &a) == 1;
}

static bool
tls_start(struct conn *c, struct err *e)
{
	gnutls_certificate_credentials_t cred = trust_of(c->ca_file, e);
	int r;

	if (!cred)
		return false;
	gnutls_init(&c->tls,
		    GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	gnutls_set_default_priority(c->tls);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, cred);
	if (!is_address(c->host))
		gnutls_server_name_set(c->tls, GNUTLS_NAME_DNS, c->host,
				       strlen(c->host));
	if (c->verify)
		gnutls_session_set_verify_cert(c->tls, c->host, 0);
	gnutls_transport_set_int(c->tls, c->fd);
	for (;;) {
		r = gnutls_handshake(c->tls);
		if (r == GNUTLS_E_SUCCESS)
			return true;
		if (gnutls_error_is_fatal(r))
			return tls_fail(c, r, e);
		if (r != GNUTLS_E_AGAIN && r != GNUTLS_E_INTERRUPTED)
			continue;
		if (!conn_wait(c, gnutls_record_get_direction(c->tls)
					  ? POLLOUT
					  : POLLIN))
			return tls_fail(c, r, e);
	}
}

struct conn *
conn_open(const struct source_conf *conf, const struct endpoint *to,
	  int64_t deadline_ms, struct err *e)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->fd = -1;
	c->deadline = deadline_ms;
	c->host = xstrdup(to->host);
	c->ca_file = conf->ca_file ? xstrdup(conf->ca_file) : NULL;
	c->verify = conf->verify;
	if (connect_any(c, to, e) &&
	    (to->tls != TLS_IMPLICIT || tls_start(c, e)))
		return c;
	conn_close(&c);
	return NULL;
}

bool
conn_starttls(struct conn *c, struct err *e)
{
	/* Whatever came in the clear behind the OK is an injection. */
	c->at = c->n = 0;
	return tls_start(c, e);
}

void
conn_close(struct conn **cp)
{
	struct conn *c = *cp;

	if (!c)
		return;
	if (c->tls)
		gnutls_deinit(c->tls);
	if (c->fd >= 0)
		close(c->fd);
	free(c->host);
	free(c->ca_file);
	free(c->raw);
	buf_free(&c->line);
	free(c);
	*cp = NULL;
}

void
conn_deadline(struct conn *c, int64_t deadline_ms)
{
	c->deadline = deadline_ms;
}

int
conn_fd(const struct conn *c)
{
	return c->fd;
}

bool
conn_local(const struct conn *c)
{
	return c->local;
}

const char *
conn_trouble(const struct conn *c)
{
	return c->trouble ? c->trouble : "closed";
}

/* > 0 bytes, 0 try again later, -1 dead. */
static ptrdiff_t
write_some(struct conn *c, struct span s)
{
	ssize_t r;

	if (c->tls) {
		r = gnutls_record_send(c->tls, s.p, s.n);
		if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
			return 0;
	} else {
		r = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
	}
	if (r > 0)
		return r;
	c->trouble = "write failed";
	return -1;
}

bool
conn_write(struct conn *c, struct span s)
{
	while (s.n) {
		ptrdiff_t r = write_some(c, s);

		if (r < 0 || (r == 0 && !conn_wait(c, POLLOUT)))
			return false;
		s = span_from_at(s, (size_t)r);
	}
	return true;
}

bool
conn_write_now(struct conn *c, struct span s)
{
	while (s.n) {
		ptrdiff_t r = write_some(c, s);

		if (r <= 0)
			return false;
		s = span_from_at(s, (size_t)r);
	}
	return true;
}

static ptrdiff_t
read_some(struct conn *c, char *p, size_t n)
{
	ssize_t r;

	if (c->fd < 0)
		return -1;
	if (c->tls) {
		r = gnutls_record_recv(c->tls, p, n);
		if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
			return 0;
		if (r < 0 && !gnutls_error_is_fatal((int)r))
			return 0;
	} else {
		r = recv(c->fd, p, n, 0);
		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
	}
	if (r > 0)
		return r;
	if (!c->trouble)
		c->trouble = r == 0 ? "closed by the server" : "read failed";
	return -1;
}

/* Bytes past what the line reader holds. */
static ptrdiff_t
read_raw(struct conn *c, char *p, size_t n, bool wait)
{
	for (;;) {
		ptrdiff_t r = read_some(c, p, n);

		if (r || !wait)
			return r;
		if (!conn_wait(c, POLLIN))
			return -1;
	}
}

ptrdiff_t
conn_read(struct conn *c, char *p, size_t n, bool wait)
{
	size_t have = c->n - c->at;

	if (!have)
		return read_raw(c, p, n, wait);
	if (n > have)
		n = have;
	memcpy(p, c->raw + c->at, n);
	c->at += n;
	return (ptrdiff_t)n;
}

ptrdiff_t
conn_fill(struct conn *c, bool wait)
{
	ptrdiff_t r;

	if (!c->raw)
		c->raw = xmalloc(CONN_RAW);
	c->at = c->n = 0;
	r = read_raw(c, c->raw, CONN_RAW, wait);
	if (r > 0)
		c->n = (size_t)r;
	return r;
}

struct conn *
conn_of_bytes(struct span s)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->fd = -1;
	c->host = xstrdup("test");
	c->raw = xmalloc(s.n + 1);
	if (s.n)
		memcpy(c->raw, s.p, s.n);
	c->n = s.n;
	return c;
}
