package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/escuta-sac/escuta/internal/embedded"
)

//go:embed limits/one.sql
var oneTicket []byte

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// onePerTransaction is what PostgreSQL takes here when every ticket is a
// transaction of its own: pgbench, without HTTP and without any of our code.
func onePerTransaction(ctx context.Context, w *world, clients int, d time.Duration) (float64, error) {
	binaries, err := embedded.FindPostgres()
	if err != nil {
		return 0, err
	}
	script := filepath.Join(w.dir, "one.sql")
	if err := os.WriteFile(script, oneTicket, 0o644); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(filepath.Dir(binaries.Postgres), "pgbench"),
		"-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2",
		"-T", strconv.Itoa(int(d.Seconds())), "-f", script, w.limits).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, bytes.TrimSpace(out))
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench told no rate: %s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

const limitBody = "Meu pedido 4411 não chegou e ninguém responde no telefone. Já tentei três vezes esta semana, quero uma solução ou o dinheiro de volta."

// grouped is what PostgreSQL takes here when many tickets share a transaction:
// two writers, 64 tickets a group, all statements pipelined, ids known beforehand.
func grouped(ctx context.Context, w *world, d time.Duration) (float64, error) {
	const writers, size = 2, 64
	var stored, ids atomic.Int64
	ids.Store(time.Now().UnixMicro())
	end := time.Now().Add(d)
	group, ctx := errgroup.WithContext(ctx)
	for range writers {
		group.Go(func() error {
			for time.Now().Before(end) {
				first := ids.Add(size) - size
				if err := pgx.BeginFunc(ctx, w.Limits, func(tx pgx.Tx) error {
					return tx.SendBatch(ctx, groupOf(first, size)).Close()
				}); err != nil {
					return err
				}
				stored.Add(size)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return float64(stored.Load()) / d.Seconds(), nil
}

func groupOf(first int64, size int) *pgx.Batch {
	ids, values, protocols := make([]int64, size), make([]string, size), make([]string, size)
	for i := range size {
		ids[i] = first + int64(i)
		values[i] = fmt.Sprintf("c%d-%d@example.net", ids[i], rand.Int64())
		protocols[i] = fmt.Sprintf("%017d", ids[i])
	}
	var b pgx.Batch
	b.Queue("insert into customers(id,name) select x,'Cliente da Silva' from unnest($1::bigint[]) x", ids)
	b.Queue("insert into identities(customer_id,kind,value) select x,'email',v from unnest($1::bigint[],$2::text[]) as u(x,v) on conflict do nothing", ids, values)
	b.Queue("insert into tickets(id,protocol,customer_id,channel,subject,status,priority,team_id,preview,next_due,waiting_since) select x,p,x,'webform','Não recebi o pedido',0,2,1+x%8,'Meu pedido não chegou e ninguém responde',now()+interval '4 hours',now() from unnest($1::bigint[],$2::text[]) u(x,p)", ids, protocols)
	b.Queue("insert into messages(ticket_id,kind,author,body,tsv) select x,0,'Cliente',$2,to_tsvector('simple',$2) from unnest($1::bigint[]) x", ids, limitBody)
	b.Queue("insert into clocks(ticket_id,kind,due) select x,k,now()+k*interval '4 hours' from unnest($1::bigint[]) x, generate_series(1,2) k", ids)
	b.Queue(`insert into events(ticket_id,version,kind,payload) select x,1,'ticket.opened','{"channel":"webform"}' from unnest($1::bigint[]) x`, ids)
	b.Queue("insert into ledger(channel,source_key,raw,fate,ticket_id) select 'webform',v,$3,'ticket',x from unnest($1::bigint[],$2::text[]) u(x,v)", ids, values, limitBody)
	return &b
}
