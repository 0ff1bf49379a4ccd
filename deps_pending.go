//go:build pending

package escuta

import (
	_ "blitiri.com.ar/go/spf"
	_ "codeberg.org/go-pdf/fpdf"
	_ "github.com/emersion/go-imap/v2"
	_ "github.com/emersion/go-imap/v2/imapclient"
	_ "github.com/emersion/go-imap/v2/imapserver"
	_ "github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	_ "github.com/emersion/go-message"
	_ "github.com/emersion/go-msgauth/authres"
	_ "github.com/emersion/go-msgauth/dkim"
	_ "github.com/emersion/go-sasl"
	_ "github.com/emersion/go-smtp"
	_ "github.com/jhillyerd/enmime/v2"
	_ "github.com/microcosm-cc/bluemonday"
	_ "github.com/wneessen/go-mail"
	_ "github.com/xuri/excelize/v2"
	_ "golang.org/x/oauth2"
	_ "golang.org/x/image/draw"
)
