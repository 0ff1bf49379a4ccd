package desk

import "context"

// PlanSome goes on with an order to plan open tickets anew, as Plan does.
func (s *Service) PlanSome(ctx context.Context) (bool, error) { return s.planSome(ctx) }
