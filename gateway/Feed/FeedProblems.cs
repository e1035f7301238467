using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Feed;

/// <summary>The refusals of the feed. Texts: FeedProblems.resx and .ja.resx.</summary>
public static class FeedProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Feed.FeedProblems", typeof(FeedProblems).Assembly);

    /// <summary>The URL is none, or has a login or a fragment.</summary>
    public static readonly ProblemCode UrlInvalid = new("webhooks.url-invalid", 422, Texts);

    /// <summary>The URL leads to an address that may not be called, or has no TLS.</summary>
    public static readonly ProblemCode AddressRefused = new("webhooks.address-refused", 422, Texts);

    /// <summary>The URL's host name has no address.</summary>
    public static readonly ProblemCode Unresolvable = new("webhooks.host-unresolvable", 422, Texts);

    /// <summary>The domain is no domain name.</summary>
    public static readonly ProblemCode DomainInvalid = new("webhooks.domain-invalid", 422, Texts);

    /// <summary>There is no such account.</summary>
    public static readonly ProblemCode AccountUnknown = new("webhooks.account-unknown", 422, Texts);

    /// <summary>There is no such type of events.</summary>
    public static readonly ProblemCode TypeUnknown = new("webhooks.type-unknown", 422, Texts);

    /// <summary>The description is too long, or has control characters.</summary>
    public static readonly ProblemCode DescriptionInvalid = new("webhooks.description-invalid", 422, Texts);

    /// <summary>The address for notices is no mail address.</summary>
    public static readonly ProblemCode MailAddressInvalid = new("notices.mail-address-invalid", 422, Texts);

    /// <summary>The language for notices is neither Japanese nor English.</summary>
    public static readonly ProblemCode LanguageUnknown = new("notices.language-unknown", 422, Texts);

    /// <summary>The platform has no submission of its own.</summary>
    public static readonly ProblemCode MailNotSent = new("notices.mail-not-sent", 409, Texts);

    /// <summary>There are as many webhooks as there may be.</summary>
    public static readonly ProblemCode TooMany = new("webhooks.too-many", 409, Texts);
}
