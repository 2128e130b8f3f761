-- What no decision looks at any more is deleted by its age. An alert that still fires is sent again: `seen_at`, the last time.
ALTER TABLE alerts ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX alerts_old ON alerts (seen_at) WHERE detection IS NULL OR incident IS NULL;
CREATE INDEX alerts_of_detection ON alerts (detection) WHERE detection IS NOT NULL;
CREATE INDEX detections_old ON detections (at);

-- An alert that was set aside is noted in the next incident, too.
DROP INDEX alerts_loose;
CREATE INDEX alerts_loose ON alerts (taken_at) WHERE incident IS NULL AND result IN ('started', 'grouped', 'aside');
