using System.Resources;

namespace Hikyaku.Platform;

/// <summary>The refusals that every part of the platform shares. Texts: PlatformProblems.resx and .ja.resx.</summary>
public static class PlatformProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Platform.PlatformProblems", typeof(PlatformProblems).Assembly);

    /// <summary>The body is no JSON of the documented shape.</summary>
    public static readonly ProblemCode Malformed = new("request.malformed", 400, Texts);

    /// <summary>A parameter of the address or a header cannot be read.</summary>
    public static readonly ProblemCode BadParameter = new("request.bad-parameter", 400, Texts);

    /// <summary>An Idempotency-Key is longer than is kept.</summary>
    public static readonly ProblemCode KeyTooLong = new("request.idempotency-key-too-long", 400, Texts);

    /// <summary>Nobody is signed in.</summary>
    public static readonly ProblemCode Unauthenticated = new("request.unauthenticated", 401, Texts);

    /// <summary>Yours to see, but not this function.</summary>
    public static readonly ProblemCode Forbidden = new("request.forbidden", 403, Texts);

    /// <summary>Not there, or not yours to see.</summary>
    public static readonly ProblemCode NotFound = new("request.not-found", 404, Texts);

    /// <summary>The path exists, the method does not.</summary>
    public static readonly ProblemCode MethodNotAllowed = new("request.method-not-allowed", 405, Texts);

    /// <summary>Others keep changing the same thing.</summary>
    public static readonly ProblemCode Conflict = new("request.conflict", 409, Texts);

    /// <summary>The first request with this Idempotency-Key still runs.</summary>
    public static readonly ProblemCode KeyInUse = new("request.idempotency-key-in-use", 409, Texts);

    /// <summary>An undo would overwrite a later change.</summary>
    public static readonly ProblemCode ChangedSince = new("history.changed-since", 409, Texts);

    /// <summary>The change is of a kind that nothing brings back.</summary>
    public static readonly ProblemCode NotUndoable = new("history.not-undoable", 409, Texts);

    /// <summary>The job has ended, or must run to its end.</summary>
    public static readonly ProblemCode JobNotCancellable = new("jobs.not-cancellable", 409, Texts);

    /// <summary>If-Match names an older version.</summary>
    public static readonly ProblemCode Stale = new("request.stale", 412, Texts);

    /// <summary>The body is too large.</summary>
    public static readonly ProblemCode TooLarge = new("request.too-large", 413, Texts);

    /// <summary>The body is of another media type than documented.</summary>
    public static readonly ProblemCode UnsupportedMediaType = new("request.unsupported-media-type", 415, Texts);

    /// <summary>The same Idempotency-Key came with another body.</summary>
    public static readonly ProblemCode KeyReused = new("request.idempotency-key-reused", 422, Texts);

    /// <summary>A series of numbers is asked for with an end before its begin, or with too many steps.</summary>
    public static readonly ProblemCode StatsSpanInvalid = new("stats.span-invalid", 422, Texts);

    /// <summary>Too many requests.</summary>
    public static readonly ProblemCode TooManyRequests = new("request.too-many", 429, Texts);

    /// <summary>A fault of the platform.</summary>
    public static readonly ProblemCode Fault = new("platform.fault", 500, Texts);

    /// <summary>Something that is needed does not answer; later it will.</summary>
    public static readonly ProblemCode Unavailable = new("platform.unavailable", 503, Texts);

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        Malformed, BadParameter, KeyTooLong, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, Conflict, KeyInUse, ChangedSince, NotUndoable, JobNotCancellable, Stale,
        TooLarge, UnsupportedMediaType, KeyReused, StatsSpanInvalid, TooManyRequests, Fault, Unavailable,
    ];
}
