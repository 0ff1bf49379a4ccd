// Package config reads the server's configuration from the environment: once,
// into one struct, checked as a whole. A value that cannot be right stops the
// start, and all that are wrong are told together.
//
// The struct's tags are the one list of variables: `env` and `envDefault` are
// read by caarlos0/env, `want` is the code of the text that says what would be
// right, `help` is the line of the README's table.
package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is everything that the environment decides. It is passed on in pieces.
type Config struct {
	Addr             string         `env:"ESCUTA_ADDR" envDefault:":8080" want:"want_address" help:"Address the server listens on, host:port."`
	BaseURL          URL            `env:"ESCUTA_BASE_URL" want:"want_base_url" help:"Address under which people reach the server, for links. Default: http://localhost and the port of ESCUTA_ADDR."`
	AdminListen      string         `env:"ESCUTA_ADMIN_LISTEN" want:"want_address" help:"Address for profiling (pprof), never to be reached from outside. Empty: none."`
	DataDir          string         `env:"ESCUTA_DATA_DIR" envDefault:"data" want:"want_path" help:"Folder of the private engines and of the files that customers send."`
	DatabaseURL      DSN            `env:"ESCUTA_DATABASE_URL" want:"want_postgres_url" help:"PostgreSQL, as postgres://user:password@host/database. Empty: a private one of this machine's binaries."`
	RedisURL         DSN            `env:"ESCUTA_REDIS_URL" want:"want_redis_url" help:"Redis or Valkey: redis://, rediss://, unix://, redis+sentinel://host/0?master_name=name, redis+cluster://host?addr=host2:port. Empty: a private one."`
	Timezone         *time.Location `env:"ESCUTA_TIMEZONE" envDefault:"America/Sao_Paulo" want:"want_timezone" help:"Time zone of the company: of the day in a protocol, and of business hours."`
	AdminEmail       string         `env:"ESCUTA_ADMIN_EMAIL" want:"want_email" help:"E-mail of the first admin, made when there is no account yet."`
	AdminPassword    Secret         `env:"ESCUTA_ADMIN_PASSWORD" want:"want_admin_password" help:"Password of the first admin."`
	PublicLimit      int            `env:"ESCUTA_PUBLIC_LIMIT" envDefault:"30" want:"want_count" help:"Calls a minute that one address, or one customer, may make on the public pages. 0: no limit."`
	MaxUpload        int64          `env:"ESCUTA_MAX_UPLOAD" envDefault:"26214400" want:"want_upload" help:"Largest file that is accepted, in bytes."`
	ClamdAddr        string         `env:"ESCUTA_CLAMD_ADDR" want:"want_path" help:"Virus scanner (clamd): host:port, or the path of its socket. Files are handed out once it has found nothing in them. Empty: none."`
	TrustedProxies   []netip.Prefix `env:"ESCUTA_TRUSTED_PROXIES" want:"want_networks" help:"Networks of the proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8,127.0.0.1. Empty: none."`
	SMTPRelay        DSN            `env:"ESCUTA_SMTP_RELAY" want:"want_smtp_relay" help:"Server that takes our mail over, as smtp://user:password@host:port or smtps://…; ?tls=starttls, tls or none. For mailboxes without one of their own. Empty: none, and mail waits."`
	SMTPAddr         string         `env:"ESCUTA_SMTP_ADDR" want:"want_mail_address" help:"Where mail is received: host:port by SMTP, lmtp://host:port or lmtp:///path/of/socket by LMTP from a mail server of one's own. Empty: nowhere."`
	SMTPCert         string         `env:"ESCUTA_SMTP_CERT" want:"want_certificate" help:"Certificate for STARTTLS (PEM, with its chain), read again when it is renewed. Empty: one made here."`
	SMTPKey          string         `env:"ESCUTA_SMTP_KEY" want:"want_certificate" help:"Its private key (PEM)."`
	MaxMail          int64          `env:"ESCUTA_MAX_MAIL" envDefault:"52428800" want:"want_mail_size" help:"Largest mail that is taken in, in bytes. Of a larger one in a fetched mailbox only the header is; one by SMTP is refused."`
	SMSURL           Secret         `env:"ESCUTA_SMS_URL" want:"want_base_url" help:"Gateway to which SMS are posted, as JSON {to, text, id}. Empty: none, and callers are told their protocol by mail."`
	SMSToken         Secret         `env:"ESCUTA_SMS_TOKEN" want:"want_secret" help:"Bearer token of the SMS gateway."`
	OutboundNetworks []netip.Prefix `env:"ESCUTA_OUTBOUND_NETWORKS" want:"want_networks" help:"Networks that are not public and that the server may still connect to on behalf of its users, such as that of the company's own mail server. Empty: none."`
	Secret           Secret         `env:"ESCUTA_SECRET" want:"want_secret" help:"Key from which links and tokens are derived, at least 32 characters. Empty: one is made and kept in the database."`
	AuthservID       string         `env:"ESCUTA_AUTHSERV_ID" want:"want_name" help:"Name under which our own mail server writes Authentication-Results, which are believed then. Empty: none are."`
	VerifyMail       bool           `env:"ESCUTA_VERIFY_MAIL" envDefault:"false" want:"want_bool" help:"Whether SPF, DKIM and DMARC of mail that comes straight to us are checked, which asks the DNS. The result is shown; no mail is refused by it."`
	MailFlood        int            `env:"ESCUTA_MAIL_FLOOD" envDefault:"20" want:"want_count" help:"Tickets an hour that one address may open by mail; more wait in the drawer. 0: no limit."`
	SkipsPerHour     int            `env:"ESCUTA_SKIPS_PER_HOUR" envDefault:"3" want:"want_count" help:"Tickets an hour that somebody may give back, with a reason, after they were served the next one. 0: none."`
	LogLevel         slog.Level     `env:"ESCUTA_LOG_LEVEL" envDefault:"info" want:"want_log_level" help:"debug, info, warn or error."`
	LogFormat        string         `env:"ESCUTA_LOG_FORMAT" envDefault:"text" want:"want_log_format" help:"text or json."`
}

// LogValue prints every variable with its secrets struck out.
func (c Config) LogValue() slog.Value {
	var all []slog.Attr
	for _, v := range variables(&c) {
		all = append(all, slog.Any(v.name, v.value.Interface()))
	}
	return slog.GroupValue(all...)
}
