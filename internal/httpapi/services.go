package httpapi

import (
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/account"
)

// Services are the parts that the handlers call.
type Services struct {
	DB       *gorm.DB
	Accounts *account.Service
	Replays  replays
	Blobs    blobs
	Intake   intaker
	Tokens   accessTokens
	Now      func() time.Time // PostgreSQL's, see postgres.Clock
}
