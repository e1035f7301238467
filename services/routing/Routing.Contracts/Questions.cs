namespace Hikyaku.Routing.Contracts;

/// <summary>Another service asks how an account's mail was routed at a time; the routing service answers with <see cref="RoutingTold"/>.</summary>
/// <param name="RequestId">Names the answer.</param>
/// <param name="AccountId">The account.</param>
/// <param name="At">When.</param>
public sealed record RoutingAsked(string RequestId, string AccountId, DateTimeOffset At);

/// <summary>How it was. It is told once, to whoever has asked.</summary>
/// <param name="RequestId">The <see cref="RoutingAsked"/> that this answers.</param>
/// <param name="State">As nodes obeyed it; its position says nothing. Of an account of which nothing was set: version 0, without a script.</param>
public sealed record RoutingTold(string RequestId, RoutingState State);
