using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Storage;

/// <summary>The name and version under which every event is stored. A name that was ever written is never given to another shape.</summary>
public static class EventNames
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(ForwardingRuleSet)] = "routing.forwarding-rule-set.v1",
        [typeof(ForwardingRuleRemoved)] = "routing.forwarding-rule-removed.v1",
        [typeof(AutoreplySet)] = "routing.autoreply-set.v1",
        [typeof(AutoreplyRemoved)] = "routing.autoreply-removed.v1",
        [typeof(ReceptionTurnedOff)] = "routing.reception-turned-off.v1",
        [typeof(ReceptionTurnedOn)] = "routing.reception-turned-on.v1",
        [typeof(RoutingErased)] = "routing.routing-erased.v1",
    };
}
