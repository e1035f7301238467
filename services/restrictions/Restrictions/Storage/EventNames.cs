using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;

namespace Hikyaku.Restrictions.Storage;

/// <summary>The name and version under which every event is stored. A name that was ever written is never given to another shape.</summary>
public static class EventNames
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(AccountRestricted)] = "restrictions.account-restricted.v1",
        [typeof(RestrictionLifted)] = "restrictions.restriction-lifted.v1",
        [typeof(HeldMailDecided)] = "restrictions.held-mail-decided.v1",
        [typeof(StandingErased)] = "restrictions.standing-erased.v1",
        [typeof(SourceStopped)] = "restrictions.source-stopped.v1",
        [typeof(SourceReleased)] = "restrictions.source-released.v1",
        [typeof(RestrictionPolicyChanged)] = "restrictions.restriction-policy-changed.v1",
    };
}
