using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Domains;

namespace Hikyaku.Spam.Storage;

/// <summary>The name and version under which every event is stored. A name that was ever written is never given to another shape.</summary>
public static class EventNames
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(SubjectTaggingTurnedOn)] = "spam.subject-tagging-turned-on.v1",
        [typeof(SubjectTaggingTurnedOff)] = "spam.subject-tagging-turned-off.v1",
        [typeof(JunkSortingTurnedOn)] = "spam.junk-sorting-turned-on.v1",
        [typeof(JunkSortingTurnedOff)] = "spam.junk-sorting-turned-off.v1",
        [typeof(SpamSettingsErased)] = "spam.spam-settings-erased.v1",
        [typeof(DomainDnsChecked)] = "spam.domain-dns-checked.v1",
        [typeof(DomainDnsOverridden)] = "spam.domain-dns-overridden.v1",
        [typeof(DomainDnsOverrideRemoved)] = "spam.domain-dns-override-removed.v1",
    };
}
