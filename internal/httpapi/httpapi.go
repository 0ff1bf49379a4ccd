// Package httpapi is the program's face towards HTTP: addresses, wire forms,
// who is asking, and the one table that turns a failure into a status. It
// decides nothing about tickets; a handler reads the address and the body,
// makes one call and writes the answer.
//
// Everything that knows Fiber is here. Fiber v2 is deprecated upstream, so the
// way out has to stay a change of one package.
package httpapi

import (
	"cmp"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Limits of one request.
const (
	maxBody     = 26 << 20 // a multipart body: 25 MiB of files and their envelope
	maxJSON     = 1 << 20
	callTimeout = 30 * time.Second

	readTimeout  = 60 * time.Second // of a whole request: 25 MiB over a slow line
	writeTimeout = 60 * time.Second
	idleTimeout  = 2 * time.Minute
)

// Options is what the server is told by whoever starts it.
type Options struct {
	BaseURL        *url.URL       // where the outside finds us; links are built on it, never on a Host header
	TrustedProxies []netip.Prefix // peers whose X-Forwarded-For is believed
	PublicLimit    int            // public calls a minute for each address and identity; 0 is no limit
	MaxUpload      int64          // bytes of one file
	TimeZone       *time.Location // the company's
	Version        string
	Secret         []byte // signs the ids of uploads
	Log            *slog.Logger
	Metrics        *prometheus.Registry
	Redis          redis.UniversalClient // counts of the rate limits; nil counts in memory
	RedisUp        Engine
	PostgresUp     Engine
	Frontend       fs.FS // the built single-page application

	readTimeout time.Duration // 0 is readTimeout
}

// Server answers HTTP.
type Server struct {
	options  Options
	services Services
	fiber    *fiber.App
	api      huma.API
	routes   []route
	limits   *limits
	metrics  *metrics
	assets   *assets
	pages    *portalPages
}

// New puts the server together. It serves nothing before Serve.
func New(options Options, services Services) (*Server, error) {
	built, err := loadAssets(options.Frontend)
	if err != nil {
		return nil, err
	}
	pages, err := newPortalPages(options.TimeZone)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options, services: services, assets: built, pages: pages,
		limits:  newLimits(options.PublicLimit, options.Redis, options.Log),
		metrics: newMetrics(options.Metrics),
	}
	options.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "escuta_files_disk_free_bytes", Help: "Room left on the disk of the files that people send.",
	}, func() float64 {
		free, _, _ := services.Blobs.Room() // 0 when it cannot be told, which is an alarm too
		return float64(free)
	}))
	s.fiber = fiber.New(fiber.Config{
		AppName:               "Escuta",
		DisableStartupMessage: true,
		// Without it, strings taken from a request change when the next one arrives.
		Immutable: true,
		// A form is taken apart by the handler that wants one, not before anybody has
		// asked who sends it.
		DisablePreParseMultipartForm: true,

		BodyLimit:      maxBody,
		ReadBufferSize: 16 << 10, // of all headers together
		ReadTimeout:    cmp.Or(options.readTimeout, readTimeout),
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		ErrorHandler:   s.onError,
	})
	s.fiber.Use(s.begin, s.secure)
	s.api = newAPI(s.fiber, options.Version)
	s.addRoutes()
	nullable(s.api.OpenAPI().Components.Schemas)
	s.fiber.Use(s.page)
	return s, nil
}

// today is PostgreSQL's time in the company's zone, whose midnight ends a day.
func (s *Server) today() time.Time { return s.services.Now().In(s.options.TimeZone) }

// Serve answers on ln until Stop, or until it fails.
func (s *Server) Serve(ln net.Listener) error { return s.fiber.Listener(boundHeavy(ln)) }

// Stop lets running requests finish, up to patience.
func (s *Server) Stop(patience time.Duration) error { return s.fiber.ShutdownWithTimeout(patience) }
